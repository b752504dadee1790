// What a place shows while it waits, when it is empty, and when something went wrong.
import { clsx } from 'clsx'
import { CircleAlert, Info } from 'lucide-react'
import type { ReactNode } from 'react'
import { problemFrom } from '../session/problem'
import { strings } from '../strings'
import { Button } from './button'

export const Spinner = ({ className }: { className?: string }) => (
  <span
    aria-hidden
    className={clsx(
      'inline-block size-4 animate-spin rounded-full border-2 border-current border-t-transparent',
      className,
    )}
  />
)

export const Skeleton = ({ className }: { className?: string }) => (
  <div aria-hidden className={clsx('animate-pulse-soft rounded-md bg-hover', className)} />
)

/** Says to readers that something is on its way. */
export function Loading({ label = strings.common.loading, children }: { label?: string; children?: ReactNode }) {
  return (
    <div role="status" className={children ? undefined : 'grid min-h-40 place-items-center text-muted'}>
      <span className="sr-only">{label}</span>
      {children ?? <Spinner className="size-5" />}
    </div>
  )
}

interface NoticeProps {
  tone?: 'info' | 'danger'
  children: ReactNode
  action?: ReactNode
  className?: string
}

/** A sentence in its place. Danger is said at once. */
export function Notice({ tone = 'info', children, action, className }: NoticeProps) {
  const Icon = tone === 'danger' ? CircleAlert : Info
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      className={clsx(
        'flex flex-wrap items-center gap-x-3 gap-y-2 rounded-control px-4 py-3 text-sm',
        tone === 'danger' ? 'bg-danger-soft text-danger' : 'bg-accent-soft text-ink',
        className,
      )}
    >
      <Icon className="size-[1.125rem] shrink-0" aria-hidden />
      <div className="min-w-48 flex-1">{children}</div>
      {action}
    </div>
  )
}

interface BlankProps {
  title: string
  children?: ReactNode
  action?: ReactNode
  icon?: ReactNode
  className?: string
}

/** A place with nothing in it yet. */
export function Blank({ title, children, action, icon, className }: BlankProps) {
  return (
    <div className={clsx('mx-auto grid max-w-sm justify-items-center gap-3 px-6 py-12 text-center', className)}>
      {icon && <div className="text-muted [&_svg]:size-7">{icon}</div>}
      <h2 className="font-serif text-2xl text-balance">{title}</h2>
      {children && <p className="text-pretty text-muted">{children}</p>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  )
}

interface FailureProps {
  error: unknown
  onRetry?: () => void
  className?: string
}

/** A place that could not be filled. */
export function Failure({ error, onRetry, className }: FailureProps) {
  const retry = onRetry && (
    <Button small onClick={onRetry}>
      {strings.common.retry}
    </Button>
  )
  return (
    <Notice tone="danger" action={retry} className={className}>
      {problemFrom(error).message}
    </Notice>
  )
}
