import type { Source } from '../api/client'
import { strings } from '../strings'
import { Tip } from '../ui/tip'

export const titleOf = (source: Source) => source.title ?? source.url ?? strings.chat.sources.untitled

/** A number in the text that leads to what it cites. */
export function Cite({ source, onCite }: { source: Source; onCite: (ordinal: number) => void }) {
  const title = titleOf(source)
  return (
    <Tip text={title}>
      <button
        type="button"
        aria-label={strings.chat.sources.cite(source.ordinal, title)}
        className="mx-0.5 inline-grid h-5 min-w-5 -translate-y-px place-items-center rounded-md bg-accent-soft px-1 align-baseline text-xs font-semibold text-accent no-underline tabular-nums hover:bg-accent hover:text-on-accent"
        onClick={() => onCite(source.ordinal)}
      >
        {source.ordinal}
      </button>
    </Tip>
  )
}
