import { useInfiniteQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { type KeyboardEvent, useDeferredValue, useEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import type { SearchHit } from '../api/client'
import { locale, strings } from '../strings'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Failure, Spinner } from '../ui/states'
import { anything, hrefOf, type SearchFilters, searchQuery, type When } from './query'

// What was looked for last stands there again when the dialog opens again.
let last = { text: '', filters: anything }

export default function SearchDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState(last.text)
  const [filters, setFilters] = useState(last.filters)
  const settled = useSettled(text.trim())
  const results = useRef<HTMLDivElement>(null)
  const say = strings.chat.search
  useEffect(() => {
    last = { text, filters }
  }, [text, filters])

  // The arrows walk through field and hits.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const stops = [...(results.current?.querySelectorAll<HTMLElement>('input[type=search], a') ?? [])]
    const at = stops.indexOf(document.activeElement as HTMLElement)
    if (at < 0) return
    event.preventDefault()
    stops[at + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={say.title}
      bare
      className="mt-[8dvh] h-[min(40rem,84dvh)] w-[min(42rem,calc(100vw-1.5rem))]"
    >
      <div ref={results} onKeyDown={onKeyDown} className="flex min-h-0 flex-1 flex-col">
        <div className="flex items-center gap-3 border-b border-line px-4">
          <Search className="size-5 shrink-0 text-muted" aria-hidden />
          <input
            type="search"
            autoFocus
            aria-label={say.label}
            placeholder={say.placeholder}
            value={text}
            maxLength={1000}
            dir="auto"
            onFocus={(event) => event.target.select()}
            onChange={(event) => setText(event.target.value)}
            className="h-14 min-w-0 flex-1 bg-transparent text-lg outline-none placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
          />
          <Button small look="quiet" className="-mr-2" onClick={onClose}>
            {strings.common.close}
          </Button>
        </div>
        <FilterBar filters={filters} onChange={setFilters} />
        <div className="min-h-0 flex-1 overflow-y-auto border-t border-line">
          {settled === '' ? (
            <p className="p-6 text-sm text-pretty text-muted">{say.hint}</p>
          ) : (
            <Hits query={settled} filters={filters} onClose={onClose} />
          )}
        </div>
      </div>
    </Dialog>
  )
}

const pause = 200

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), pause)
    return () => clearTimeout(timer)
  }, [text])
  return useDeferredValue(settled)
}

interface FilterBarProps {
  filters: SearchFilters
  onChange: (filters: SearchFilters) => void
}

const select =
  'h-9 rounded-control border border-line bg-raised px-2 text-sm text-ink hover:border-edge focus-visible:outline-offset-0'

function FilterBar({ filters, onChange }: FilterBarProps) {
  const say = strings.chat.search
  return (
    <div className="flex flex-wrap gap-2 px-4 py-2.5">
      <select
        aria-label={say.who}
        value={filters.who}
        onChange={(event) => onChange({ ...filters, who: event.target.value as SearchFilters['who'] })}
        className={select}
      >
        <option value="anyone">{say.anyone}</option>
        <option value="user">{say.you}</option>
        <option value="assistant">{say.answer}</option>
      </select>
      <select
        aria-label={say.when}
        value={filters.when}
        onChange={(event) => onChange({ ...filters, when: event.target.value as When })}
        className={select}
      >
        {(['anytime', 'day', 'week', 'month', 'year'] as const).map((when) => (
          <option key={when} value={when}>
            {say[when]}
          </option>
        ))}
      </select>
      <label className="flex h-9 items-center gap-2 px-2 text-sm">
        <input
          type="checkbox"
          checked={filters.sources}
          onChange={(event) => onChange({ ...filters, sources: event.target.checked })}
          className="size-4 accent-accent"
        />
        {say.withSources}
      </label>
    </div>
  )
}

interface HitsProps {
  query: string
  filters: SearchFilters
  onClose: () => void
}

function Hits({ query, filters, onClose }: HitsProps) {
  const found = useInfiniteQuery(searchQuery(query, filters))
  const { data, error, isPending, isPlaceholderData, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = found
  const say = strings.chat.search
  const hits = data?.pages.flatMap((page) => page.items) ?? []
  const count = isPending || isPlaceholderData ? '' : say.results(hits.length, hasNextPage)
  return (
    <>
      <p aria-live="polite" className="flex h-9 items-center gap-2 px-6 pt-2 text-xs text-muted">
        {count || <Spinner className="size-3.5" />}
      </p>
      {error && <Failure error={error} onRetry={() => refetch()} className="mx-4 mb-3" />}
      {!isPending && !error && hits.length === 0 && !hasNextPage && (
        <div className="px-6 py-8 text-center">
          <p className="font-medium">{say.none(query)}</p>
          <p className="mt-1 text-sm text-muted">{say.noneText}</p>
        </div>
      )}
      <ul className={isPlaceholderData ? 'px-3 opacity-60' : 'px-3'}>
        {hits.map((hit) => (
          <li key={hit.message_id ?? `title-${hit.conversation_id}`}>
            <Hit hit={hit} onClose={onClose} />
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <div className="p-3 text-center">
          <Button small look="quiet" busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
            {say.more}
          </Button>
        </div>
      )}
    </>
  )
}

const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })

function Hit({ hit, onClose }: { hit: SearchHit; onClose: () => void }) {
  const say = strings.chat.search
  const who = hit.message_id === null ? say.inTitle : hit.role === 'user' ? say.you : say.answer
  return (
    <Link
      href={hrefOf(hit)}
      onClick={onClose}
      className="block rounded-control px-3 py-2.5 hover:bg-hover focus-visible:bg-hover focus-visible:-outline-offset-2"
    >
      <span className="flex items-baseline justify-between gap-4">
        <span className="truncate text-sm font-medium" dir="auto">
          {hit.conversation_title || strings.chat.untitled}
        </span>
        {hit.created_at && (
          <time dateTime={hit.created_at} className="shrink-0 text-xs text-muted">
            {date.format(new Date(hit.created_at))}
          </time>
        )}
      </span>
      <span className="mt-1 line-clamp-3 text-sm leading-relaxed break-words text-muted" dir="auto">
        {hit.snippet.map((piece, index) =>
          piece.highlighted ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a snippet never change places.
            <mark key={index} className="text-ink">
              {piece.text}
            </mark>
          ) : (
            piece.text
          ),
        )}
      </span>
      <span className="mt-1 block text-xs text-muted">
        {who}
        {!hit.on_active_path && `, ${say.otherBranch}`}
      </span>
    </Link>
  )
}
