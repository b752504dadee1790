// Short messages at the edge of the page, with at most one thing to do about each.
import { X } from 'lucide-react'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { strings } from '../strings'
import { Button, IconButton } from './button'

export interface Toast {
  id: number
  text: string
  action?: { label: string; run: () => void }
  /** Called when it goes without its action having been taken. */
  onGone?: () => void
}

const stays = 8_000
const listeners = new Set<() => void>()
let toasts: readonly Toast[] = []
let lastId = 0

function change(next: readonly Toast[]) {
  toasts = next
  for (const listener of listeners) listener()
}

export function toast(text: string, options: Pick<Toast, 'action' | 'onGone'> = {}): number {
  lastId += 1
  const id = lastId
  const before = toasts
  change([...before.slice(-2), { id, text, ...options }])
  for (const pushedOut of before.slice(0, -2)) pushedOut.onGone?.()
  return id
}

/** Has a message go before its time, as if it had been closed. */
export function dismiss(id: number) {
  const gone = toasts.find((one) => one.id === id)
  if (gone) leave(gone, false)
}

function leave(gone: Toast, acted: boolean) {
  if (!toasts.includes(gone)) return
  change(toasts.filter((one) => one !== gone))
  if (acted) gone.action?.run()
  else gone.onGone?.()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <section
      aria-label={strings.common.notifications}
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-0 z-50 grid justify-items-center gap-2 p-4 sm:justify-items-start"
    >
      {shown.map((one) => (
        <Shown key={one.id} toast={one} />
      ))}
    </section>
  )
}

function Shown({ toast }: { toast: Toast }) {
  const held = useRef(false)
  useEffect(() => {
    let left = stays
    const step = 250
    const timer = setInterval(() => {
      if (!held.current) left -= step
      if (left <= 0) leave(toast, false)
    }, step)
    return () => clearInterval(timer)
  }, [toast])
  return (
    <div
      className="pointer-events-auto flex max-w-full animate-appear items-center gap-3 rounded-card bg-ink py-2 pr-2 pl-4 text-sm text-paper shadow-float"
      onPointerEnter={() => {
        held.current = true
      }}
      onPointerLeave={() => {
        held.current = false
      }}
      onFocus={() => {
        held.current = true
      }}
      onBlur={() => {
        held.current = false
      }}
    >
      <span className="min-w-0">{toast.text}</span>
      {toast.action && (
        <Button
          small
          look="quiet"
          className="font-semibold text-paper underline underline-offset-4 hover:bg-paper/15 hover:text-paper"
          onClick={() => leave(toast, true)}
        >
          {toast.action.label}
        </Button>
      )}
      <IconButton
        tip={false}
        label={strings.common.dismiss}
        icon={<X />}
        className="text-paper/80 hover:bg-paper/15 hover:text-paper"
        onClick={() => leave(toast, false)}
      />
    </div>
  )
}
