import { useState } from 'react'
import { checkEmail, EmailField, Refused, useForm, wrong } from '../entry/form'
import { Entry, TextLink } from '../entry/layout'
import { OutboxLink, SendAgain } from '../entry/mailbox'
import { answerOf } from '../entry/refusal'
import { auth } from '../session/auth'
import { useSession } from '../session/session'
import { strings } from '../strings'
import { Button } from '../ui/button'

const sendReset = (email: string) =>
  answerOf((options) => auth.requestPasswordReset({ email, redirectTo: '/reset-password' }, options))

export default function ForgotPasswordPage() {
  const { data: session } = useSession()
  const [sent, setSent] = useState<string>()
  const say = strings.people.forgot
  const { form, busy, errors, failure } = useForm(
    async ({ email }) => {
      await sendReset(email.trim())
      setSent(email.trim())
    },
    ({ email }) => wrong({ email: checkEmail(email) }),
  )
  const footer = session ? (
    <TextLink href="/account">{strings.people.verify.toAccount}</TextLink>
  ) : (
    <TextLink href="/login">{say.back}</TextLink>
  )
  if (sent) {
    const mail = strings.people.mail
    return (
      <Entry title={mail.title} lead={mail.reset(sent)} footer={footer}>
        <p className="mb-4 text-sm text-muted">{mail.nothing}</p>
        <SendAgain send={() => sendReset(sent)} />
        <OutboxLink />
      </Entry>
    )
  }
  return (
    <Entry title={say.title} lead={say.text} footer={footer}>
      <form {...form} className="grid gap-5">
        <EmailField error={errors.email} key={session?.user.id} defaultValue={session?.user.email} autoFocus />
        <Refused failure={failure} />
        <Button type="submit" look="primary" busy={busy}>
          {say.submit}
        </Button>
      </form>
    </Entry>
  )
}
