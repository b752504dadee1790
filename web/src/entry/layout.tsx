import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { strings } from '../strings'
import { Brand } from '../ui/brand'
import { usePageTitle } from '../ui/page-title'
import { Notice } from '../ui/states'
import { Specimen } from './specimen'

interface EntryProps {
  title: string
  lead?: ReactNode
  children: ReactNode
  footer?: ReactNode
}

/** The frame of all pages on the way in. */
export function Entry({ title, lead, children, footer }: EntryProps) {
  usePageTitle(title)
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(30rem,1fr)_minmax(0,1.1fr)]">
      <div className="flex flex-col px-5 py-5 sm:px-8">
        <header>
          <Link href="/" className="inline-block rounded-md">
            <Brand />
          </Link>
        </header>
        <main id="content" className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-10">
          {!navigator.cookieEnabled && (
            <Notice tone="danger" className="mb-6">
              {strings.people.cookies}
            </Notice>
          )}
          <h1 className="font-serif text-3xl text-balance sm:text-4xl">{title}</h1>
          {lead && <p className="mt-3 text-pretty text-muted">{lead}</p>}
          <div className="mt-7">{children}</div>
          {footer && <p className="mt-8 text-sm text-muted">{footer}</p>}
        </main>
      </div>
      <aside className="hidden items-center justify-center border-l border-line bg-side p-12 lg:flex">
        <Specimen />
      </aside>
    </div>
  )
}

export const TextLink = ({ href, children }: { href: string; children: ReactNode }) => (
  <Link href={href} className="rounded-sm font-medium text-accent underline underline-offset-4 hover:text-accent-hover">
    {children}
  </Link>
)
