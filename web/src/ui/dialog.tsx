import { clsx } from 'clsx'
import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { strings } from '../strings'
import { IconButton } from './button'
import { Surface } from './surface'
import { Toasts } from './toasts'

interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  children: ReactNode
  /** At the side, over the whole height: for reading beside something. */
  side?: 'right' | 'left'
  /** Without a heading and a button to close it: the content has its own. */
  bare?: boolean
  className?: string
}

/** The browser's own modal dialog: it keeps the focus inside, gives it back, and closes on Escape. */
export function Dialog({ open, onClose, title, children, side, bare, className }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [surface, setSurface] = useState<HTMLDialogElement | null>(null)
  const heading = useId()
  useEffect(() => {
    const element = dialog.current
    if (open && !element?.open) element?.showModal()
    if (!open && element?.open) element.close()
  }, [open])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself; the click is on what surrounds it.
    <dialog
      ref={(element) => {
        dialog.current = element
        setSurface(element)
      }}
      aria-labelledby={bare ? undefined : heading}
      aria-label={bare ? title : undefined}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      className={clsx(
        'bg-raised shadow-float backdrop:bg-black/40 open:flex open:flex-col',
        side === 'right' && 'mr-0 ml-auto h-dvh max-h-dvh w-[min(28rem,100vw)] max-w-full border-l border-line',
        side === 'left' && 'mr-auto ml-0 h-dvh max-h-dvh w-[min(20rem,88vw)] max-w-full',
        !side && 'max-h-[85dvh] w-[min(30rem,calc(100vw-2rem))] animate-appear rounded-card border border-line',
        className,
      )}
    >
      <Surface value={surface}>
        {open && bare && children}
        {open && !bare && (
          <>
            <header className="flex items-center justify-between gap-4 py-3 pr-3 pl-6">
              <h2 id={heading} className="text-lg font-semibold">
                {title}
              </h2>
              <IconButton label={strings.common.close} icon={<X />} onClick={onClose} tip={false} />
            </header>
            <div tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-6 pt-1 pb-6 focus-visible:-outline-offset-2">
              {children}
            </div>
          </>
        )}
        {open && <Toasts />}
      </Surface>
    </dialog>
  )
}
