import { useState } from 'react'
import { Link, useSearch } from 'wouter'
import { sendVerification } from '../entry/check-mail'
import { checkEmail, EmailField, Refused, useForm, wrong } from '../entry/form'
import { Entry, TextLink } from '../entry/layout'
import { OutboxLink, SendAgain } from '../entry/mailbox'
import { useSession } from '../session/session'
import { strings } from '../strings'
import { Button, buttonClass } from '../ui/button'
import { Loading, Notice } from '../ui/states'

/** Where the links in mails about addresses lead: `?verified`, `?change=` with the new address, or `?error=`. */
export default function VerifyEmailPage() {
  const search = new URLSearchParams(useSearch())
  const { data: session, isPending } = useSession()
  const say = strings.people.verify
  const change = search.get('change')

  if (search.has('error')) {
    return (
      <Entry title={say.expired} lead={say.expiredText} footer={<TextLink href="/login">{say.logIn}</TextLink>}>
        <Again email={session?.user.email} />
      </Entry>
    )
  }
  if (isPending) return <Loading label={say.checking} />
  const user = session?.user
  if (change && user && user.email.toLowerCase() !== change.toLowerCase()) {
    return (
      <Entry title={say.confirmed} lead={say.confirmedText(change)}>
        <OutboxLink />
      </Entry>
    )
  }
  if (user?.emailVerified || search.has('verified')) {
    const lead = user && (change ? say.changedText(user.email) : say.doneText(user.email))
    return (
      <Entry title={change ? say.changed : say.done} lead={lead}>
        <Link href={change ? '/account' : user ? '/chat' : '/login'} className={buttonClass('primary')}>
          {change ? say.toAccount : user ? say.toChat : say.logIn}
        </Link>
      </Entry>
    )
  }
  return (
    <Entry title={say.pending} lead={say.pendingText}>
      <Again email={user?.email} />
      <OutboxLink />
    </Entry>
  )
}

/** Has another mail sent: to whoever is signed in, or to the address that is written here. */
function Again({ email }: { email: string | undefined }) {
  const [sent, setSent] = useState(false)
  const { form, busy, errors, failure } = useForm(
    async ({ email }) => {
      await sendVerification(email.trim())
      setSent(true)
    },
    ({ email }) => wrong({ email: checkEmail(email) }),
  )
  if (email) return <SendAgain send={() => sendVerification(email)} label={strings.people.verify.again} />
  return (
    <form {...form} className="grid gap-5">
      <EmailField error={errors.email} />
      <Refused failure={failure} />
      {sent && <Notice>{strings.people.mail.sent}</Notice>}
      <Button type="submit" look="primary" busy={busy}>
        {strings.people.verify.again}
      </Button>
    </form>
  )
}
