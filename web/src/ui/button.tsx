import { clsx } from 'clsx'
import type { ComponentProps, ReactNode } from 'react'
import { Spinner } from './states'
import { Tip } from './tip'

type Look = 'primary' | 'plain' | 'quiet' | 'danger'

const looks: Record<Look, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover font-medium',
  plain: 'bg-raised text-ink border border-edge/60 hover:bg-hover font-medium',
  quiet: 'text-muted hover:text-ink hover:bg-hover',
  danger: 'bg-danger text-paper hover:opacity-90 font-medium',
}

export function buttonClass(look: Look = 'plain', small = false) {
  return clsx(
    'inline-flex items-center justify-center gap-2 rounded-control transition-colors select-none whitespace-nowrap',
    'disabled:opacity-55 aria-disabled:opacity-55',
    small ? 'min-h-9 px-3 text-sm' : 'min-h-11 px-5 text-base',
    looks[look],
  )
}

export interface ButtonProps extends ComponentProps<'button'> {
  look?: Look
  small?: boolean
  /** Shows that it is at work; it cannot be pressed again, and keeps the focus. */
  busy?: boolean
}

export function Button({ look, small, busy, className, children, type = 'button', onClick, ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={clsx(buttonClass(look, small), className)}
      aria-disabled={busy || undefined}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  )
}

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'aria-label'> {
  /** Its name for everybody: the tooltip shows it, and readers say it. */
  label: string
  icon: ReactNode
  tip?: boolean
}

export function IconButton({ label, icon, tip = true, className, ...rest }: IconButtonProps) {
  const button = (
    <button
      type="button"
      aria-label={label}
      className={clsx(
        'inline-grid size-9 shrink-0 place-items-center rounded-control text-muted transition-colors',
        'hover:bg-hover hover:text-ink aria-pressed:text-accent disabled:opacity-45 [&_svg]:size-[1.125rem]',
        className,
      )}
      {...rest}
    >
      {icon}
    </button>
  )
  return tip ? <Tip text={label}>{button}</Tip> : button
}
