import { ArrowLeft } from 'lucide-react'
import { Link } from 'wouter'
import { Email } from '../account/email'
import { Export } from '../account/export'
import { Password } from '../account/password'
import { Profile } from '../account/profile'
import { Removal } from '../account/removal'
import { Section } from '../account/section'
import { Sessions } from '../account/sessions'
import { useSession } from '../session/session'
import { useSignOut } from '../session/sign-out'
import { strings } from '../strings'
import { Brand } from '../ui/brand'
import { Button, buttonClass } from '../ui/button'
import { usePageTitle } from '../ui/page-title'
import { ThemeSwitch } from '../ui/theme-switch'

export default function AccountPage() {
  const { data: session } = useSession()
  const signOut = useSignOut()
  const say = strings.people.account
  usePageTitle(say.title)
  if (!session) return null
  const { user } = session
  return (
    <div className="mx-auto max-w-4xl px-5 pb-20 sm:px-8">
      <header className="flex items-center justify-between gap-3 py-4">
        <Link href="/" className="rounded-md">
          <Brand />
        </Link>
        <Link href="/chat" className={buttonClass('quiet', true)}>
          <ArrowLeft className="size-4" aria-hidden />
          {say.back}
        </Link>
      </header>
      <main id="content">
        <div className="flex flex-wrap items-end justify-between gap-4 pt-8 pb-8">
          <h1 className="font-serif text-4xl text-balance">{say.title}</h1>
          <Button small onClick={signOut}>
            {strings.common.menu.signOut}
          </Button>
        </div>
        <Profile user={user} />
        <Email user={user} />
        <Password user={user} />
        <Sessions session={session} />
        <Section title={say.look.title} text={say.look.text}>
          <ThemeSwitch />
        </Section>
        <Export />
        <Removal user={user} />
      </main>
    </div>
  )
}
