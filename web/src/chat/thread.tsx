// The messages of a conversation, of which only those near the screen are in the page.
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { strings } from '../strings'
import { IconButton } from '../ui/button'
import { Spinner } from '../ui/states'
import type { Entry } from './entry'
import { type Deeds, MessageView } from './message'

interface ThreadProps {
  entries: readonly Entry[]
  deeds: Deeds
  busy: boolean
  hasOlder: boolean
  hasNewer: boolean
  onOlder: () => Promise<unknown>
  onNewer: () => Promise<unknown>
  onEnd: () => Promise<unknown>
  /** The message to go to, once it is there. */
  target: string | undefined
  /** Stands behind the last message. */
  children?: ReactNode
}

const nearEnd = 80

export function Thread({
  entries,
  deeds,
  busy,
  hasOlder,
  hasNewer,
  onOlder,
  onNewer,
  onEnd,
  target,
  children,
}: ThreadProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const [atEnd, setAtEnd] = useState(true)
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (entries[index]?.role === 'user' ? 96 : 320),
    getItemKey: (index) => entries[index]?.key ?? index,
    overscan: 4,
    gap: 20,
    paddingStart: 24,
    paddingEnd: 16,
    anchorTo: 'end',
    // In the middle of a conversation the page below comes while one reads, and must not carry one away.
    followOnAppend: !hasNewer,
    scrollEndThreshold: nearEnd,
  })

  // A conversation opens at its end, or at the message that was looked for.
  const opened = useRef(false)
  useLayoutEffect(() => {
    if (opened.current || entries.length === 0 || target) return
    opened.current = true
    virtual.scrollToEnd()
  }, [entries.length, target, virtual])

  const gone = useRef<string>(undefined)
  const at = target ? entries.findIndex((entry) => entry.id === target) : -1
  useEffect(() => {
    if (at < 0 || gone.current === target) return
    gone.current = target
    opened.current = true
    virtual.scrollToIndex(at, { align: 'center' })
    const frame = requestAnimationFrame(() => document.getElementById(`m-${target}`)?.focus({ preventScroll: true }))
    return () => cancelAnimationFrame(frame)
  }, [at, target, virtual])

  // Whoever asks wants to see the answer.
  const asked = entries.at(-1)?.live === true && entries.findLast((entry) => entry.role === 'user')?.key
  useEffect(() => {
    if (asked) virtual.scrollToEnd()
  }, [asked, virtual])

  const loading = useRef(false)
  const load = async (more: () => Promise<unknown>) => {
    if (loading.current) return
    loading.current = true
    await more().catch(() => undefined)
    loading.current = false
  }
  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const below = element.scrollHeight - element.scrollTop - element.clientHeight
    setAtEnd(below < nearEnd)
    if (hasOlder && element.scrollTop < 600) void load(onOlder)
    if (hasNewer && below < 600) void load(onNewer)
  }

  const toEnd = async () => {
    if (hasNewer) await onEnd()
    requestAnimationFrame(() => virtual.scrollToEnd())
  }

  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={scroller}
        onScroll={onScroll}
        tabIndex={0}
        aria-label={strings.chat.thread.label}
        className="h-full overflow-y-auto overscroll-contain -outline-offset-2 [overflow-anchor:none]"
      >
        {hasOlder && (
          <p className="flex items-center justify-center gap-2 pt-4 text-sm text-muted">
            <Spinner /> {strings.chat.thread.older}
          </p>
        )}
        <div className="relative mx-auto w-full max-w-[46rem] px-4 sm:px-6" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ key, index, start }) => {
            const entry = entries[index]
            return (
              entry && (
                <div
                  key={key}
                  ref={virtual.measureElement}
                  data-index={index}
                  className="absolute inset-x-4 top-0 sm:inset-x-6"
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <MessageView entry={entry} deeds={deeds} busy={busy} marked={entry.id === target} />
                </div>
              )
            )
          })}
        </div>
        <div className="mx-auto w-full max-w-[46rem] px-4 pb-6 sm:px-6">{children}</div>
      </section>
      {(!atEnd || hasNewer) && (
        <IconButton
          label={strings.chat.thread.toEnd}
          icon={<ArrowDown />}
          onClick={toEnd}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full border border-line bg-raised text-ink shadow-float"
        />
      )}
    </div>
  )
}
