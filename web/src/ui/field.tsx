import { clsx } from 'clsx'
import { CircleAlert } from 'lucide-react'
import { type ComponentProps, type ReactNode, useId } from 'react'

export const inputClass = clsx(
  'w-full min-h-11 rounded-control border border-edge bg-raised px-3.5 text-base text-ink placeholder:text-muted',
  'hover:border-ink/60 focus:outline-2 focus:outline-offset-0 focus:outline-accent focus:border-accent',
  'aria-invalid:border-danger disabled:opacity-60',
)

interface FieldProps extends ComponentProps<'input'> {
  label: string
  hint?: ReactNode
  error?: string
  /** Stands at the end of the label's line, for instance a link. */
  aside?: ReactNode
  /** Stands inside the input, at its end. */
  inside?: ReactNode
}

export function Field({ label, hint, error, aside, inside, id, className, ...rest }: FieldProps) {
  const made = useId()
  const input = id ?? made
  const described = [error && `${input}-error`, hint && `${input}-hint`].filter(Boolean).join(' ') || undefined
  return (
    <div className={className}>
      <div className="mb-1.5 flex items-baseline justify-between gap-4 text-sm">
        <label htmlFor={input} className="font-medium">
          {label}
        </label>
        {aside}
      </div>
      <div className="relative">
        <input
          id={input}
          className={clsx(inputClass, inside && 'pr-12')}
          aria-invalid={error ? true : undefined}
          aria-describedby={described}
          {...rest}
        />
        {inside && <div className="absolute inset-y-0 right-1 grid place-items-center">{inside}</div>}
      </div>
      {hint && (
        <p id={`${input}-hint`} className="mt-1.5 text-sm text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${input}-error`} className="mt-1.5 flex items-start gap-1.5 text-sm text-danger">
          <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          {error}
        </p>
      )}
    </div>
  )
}
