import { type ReactNode, useId } from 'react'

interface SectionProps {
  title: string
  text: string
  children: ReactNode
}

/** One matter of the account: what it is at the left, what to do about it at the right. */
export function Section({ title, text, children }: SectionProps) {
  const heading = useId()
  return (
    <section
      aria-labelledby={heading}
      className="grid gap-5 border-t border-line py-9 md:grid-cols-[15rem_minmax(0,1fr)] md:gap-12"
    >
      <div>
        <h2 id={heading} className="text-lg font-semibold">
          {title}
        </h2>
        <p className="mt-1 text-sm text-pretty text-muted">{text}</p>
      </div>
      <div className="min-w-0">{children}</div>
    </section>
  )
}
