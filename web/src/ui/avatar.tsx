import { clsx } from 'clsx'

interface AvatarProps {
  name: string
  image?: string | null | undefined
  className?: string
}

/** A picture, or the first letters of a name. Pictures of other origins are not loaded: the page's policy keeps to its own. */
export function Avatar({ name, image, className = 'size-8 text-xs' }: AvatarProps) {
  if (image?.startsWith('data:image/')) {
    return <img src={image} alt="" className={clsx('shrink-0 rounded-full object-cover', className)} />
  }
  const letters = name
    .split(/[\s@._-]+/u)
    .slice(0, 2)
    .map((word) => [...word][0]?.toLocaleUpperCase() ?? '')
    .join('')
  return (
    <span
      aria-hidden
      className={clsx(
        'grid shrink-0 place-items-center rounded-full bg-accent-soft font-semibold text-accent',
        className,
      )}
    >
      {letters}
    </span>
  )
}
