/** The first letters of a name. Pictures of other origins are not loaded: the page's policy keeps to its own. */
export function Avatar({ name }: { name: string }) {
  const letters = name
    .split(/[\s@._-]+/u)
    .slice(0, 2)
    .map((word) => [...word][0]?.toLocaleUpperCase() ?? '')
    .join('')
  return (
    <span
      aria-hidden
      className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent"
    >
      {letters}
    </span>
  )
}
