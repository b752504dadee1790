import { ExternalLink, FileText, Globe } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { Source } from '../api/client'
import { strings } from '../strings'
import { Dialog } from '../ui/dialog'
import { titleOf } from './cite'
import type { Entry } from './entry'

interface SourceListProps {
  entry: Entry
  onCite: (ordinal: number) => void
}

/** Under an answer: what it cites, in short. */
export function SourceList({ entry, onCite }: SourceListProps) {
  return (
    <ul aria-label={strings.chat.sources.title} className="mt-4 flex flex-wrap gap-2">
      {entry.sources.map((source) => (
        <li key={source.ordinal} className="max-w-full">
          <button
            type="button"
            onClick={() => onCite(source.ordinal)}
            className="flex min-h-9 max-w-72 items-center gap-2 rounded-full border border-line px-3 text-sm text-muted hover:border-edge hover:text-ink"
          >
            <span className="font-semibold text-accent tabular-nums">{source.ordinal}</span>
            <span className="truncate" dir="auto">
              {titleOf(source)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  )
}

interface SourcePanelProps {
  sources: readonly Source[]
  /** The one that was asked for. */
  ordinal: number | undefined
  onClose: () => void
}

/** At the side: what an answer cites, to be read. */
export function SourcePanel({ sources, ordinal, onClose }: SourcePanelProps) {
  const chosen = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (ordinal !== undefined) chosen.current?.scrollIntoView({ block: 'nearest' })
  }, [ordinal])
  return (
    <Dialog open={ordinal !== undefined} onClose={onClose} title={strings.chat.sources.title} side="right">
      <ol className="grid gap-3">
        {sources.map((source) => (
          <li
            key={source.ordinal}
            ref={source.ordinal === ordinal ? chosen : undefined}
            aria-current={source.ordinal === ordinal || undefined}
            className="rounded-card border border-line p-4 aria-[current]:border-accent aria-[current]:bg-accent-soft/40"
          >
            <SourceCard source={source} />
          </li>
        ))}
      </ol>
    </Dialog>
  )
}

function SourceCard({ source }: { source: Source }) {
  const web = source.url && /^https?:\/\//iu.test(source.url)
  const Icon = web ? Globe : FileText
  return (
    <>
      <h3 className="flex items-start gap-2.5 font-medium" dir="auto">
        <span className="grid h-6 min-w-6 place-items-center rounded-md bg-accent-soft px-1 text-xs font-semibold text-accent tabular-nums">
          {source.ordinal}
        </span>
        <span className="min-w-0 break-words">{titleOf(source)}</span>
      </h3>
      {source.snippet && (
        <p dir="auto" className="mt-2.5 text-sm leading-relaxed break-words whitespace-pre-line">
          {source.snippet}
        </p>
      )}
      {source.url && (
        <p className="mt-3 flex items-center gap-2 text-sm text-muted">
          <Icon className="size-4 shrink-0" aria-hidden />
          {web ? (
            <a
              href={source.url}
              target="_blank"
              rel="noopener noreferrer nofollow"
              className="inline-flex min-w-0 items-center gap-1.5 text-accent underline underline-offset-4"
            >
              <span className="truncate">{addressOf(source.url)}</span>
              <ExternalLink className="size-3.5 shrink-0" aria-hidden />
              <span className="sr-only">({strings.chat.markdown.newTab})</span>
            </a>
          ) : (
            <span className="min-w-0 break-all">{source.url}</span>
          )}
        </p>
      )}
    </>
  )
}

function addressOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return host + (pathname === '/' ? '' : pathname)
  } catch {
    return url
  }
}
