import { clsx } from 'clsx'
import { Link } from 'wouter'
import { Specimen } from '../entry/specimen'
import { useSession } from '../session/session'
import { strings } from '../strings'
import { Brand } from '../ui/brand'
import { buttonClass } from '../ui/button'
import { usePageTitle } from '../ui/page-title'
import { ThemeSwitch } from '../ui/theme-switch'

export default function LandingPage() {
  const { data: session } = useSession()
  const say = strings.people.landing
  usePageTitle()
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="mx-auto flex w-full max-w-6xl items-center justify-between gap-3 px-5 py-4 sm:px-8">
        <Brand />
        <nav aria-label={say.account} className="flex items-center gap-1 sm:gap-2">
          {session ? (
            <Link href="/account" className={buttonClass('quiet', true)}>
              {strings.common.menu.account}
            </Link>
          ) : (
            <Link href="/login" className={buttonClass('quiet', true)}>
              {say.logIn}
            </Link>
          )}
          <Link
            href={session ? '/chat' : '/signup'}
            className={clsx(buttonClass('plain', true), session && 'max-sm:hidden')}
          >
            {session ? say.openChat : say.signUp}
          </Link>
        </nav>
      </header>
      <main id="content" className="flex-1">
        <section className="mx-auto grid max-w-6xl items-center gap-14 px-5 pt-12 pb-16 sm:px-8 lg:grid-cols-[1.1fr_1fr] lg:gap-20 lg:pt-24 lg:pb-28">
          <div>
            <h1 className="font-serif text-4xl leading-[1.12] tracking-tight text-balance sm:text-6xl">{say.title}</h1>
            <p className="mt-6 max-w-prose text-lg leading-relaxed text-pretty text-muted">{say.lead}</p>
            <div className="mt-9 flex flex-wrap gap-3">
              {session ? (
                <Link href="/chat" className={buttonClass('primary')}>
                  {say.openChat}
                </Link>
              ) : (
                <>
                  <Link href="/signup" className={buttonClass('primary')}>
                    {say.signUp}
                  </Link>
                  <Link href="/login" className={buttonClass('plain')}>
                    {say.logIn}
                  </Link>
                </>
              )}
            </div>
          </div>
          <div className="rounded-[1.25rem] border border-line bg-side p-6 sm:p-9">
            <Specimen />
          </div>
        </section>
        <section className="border-t border-line">
          <div className="mx-auto grid max-w-6xl gap-10 px-5 py-14 sm:px-8 md:grid-cols-3 lg:gap-16 lg:py-20">
            {say.sides.map(({ title, text }) => (
              <div key={title}>
                <h2 className="font-serif text-2xl text-balance">{title}</h2>
                <p className="mt-3 leading-relaxed text-pretty text-muted">{text}</p>
              </div>
            ))}
          </div>
        </section>
      </main>
      <footer className="border-t border-line">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center justify-between gap-x-8 gap-y-5 px-5 py-6 text-sm sm:px-8">
          <nav aria-label={say.pages} className="flex flex-wrap gap-x-6 gap-y-3">
            <Link href="/widget" className="text-muted underline-offset-4 hover:text-ink hover:underline">
              {say.widget}
            </Link>
            <a href="/docs" className="text-muted underline-offset-4 hover:text-ink hover:underline">
              {say.api}
            </a>
          </nav>
          <ThemeSwitch />
        </div>
      </footer>
    </div>
  )
}
