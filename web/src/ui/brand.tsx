import { clsx } from 'clsx'
import { strings } from '../strings'

/** The mark: a speech bubble with an open C. */
export const Mark = ({ className }: { className?: string }) => (
  <svg viewBox="0 0 32 32" aria-hidden="true" className={clsx('shrink-0', className ?? 'size-6')}>
    <path
      className="fill-accent"
      d="M16 3c7.700 0 13 5 13 11.500S23.700 26 16 26c-1.200 0-2.400-.1-3.500-.400L6.700 29a1 1 0 0 1-1.500-1l.8-5.300C4 20.600 3 17.800 3 14.500 3 8 8.300 3 16 3Z"
    />
    <path
      className="stroke-on-accent"
      fill="none"
      strokeWidth="2.600"
      strokeLinecap="round"
      d="M20.500 11.200a5.600 5.600 0 1 0 0 6.600"
    />
  </svg>
)

export const Brand = ({ className }: { className?: string }) => (
  <span className={clsx('inline-flex items-center gap-2 font-serif text-xl tracking-tight', className)}>
    <Mark />
    {strings.common.product}
  </span>
)
