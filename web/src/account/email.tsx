import { useState } from 'react'
import { sendVerification } from '../entry/check-mail'
import { checkEmail, EmailField, Refused, useForm, wrong } from '../entry/form'
import { OutboxLink, SendAgain } from '../entry/mailbox'
import { answerOf } from '../entry/refusal'
import { auth } from '../session/auth'
import type { Person } from '../session/session'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Notice } from '../ui/states'
import { Section } from './section'

const say = strings.people.account.email

export function Email({ user }: { user: Person }) {
  const [sent, setSent] = useState<string>()
  const { form, busy, errors, failure, reset } = useForm(
    async ({ email }) => {
      // As it will be stored: the page that the mail leads to compares with it.
      const newEmail = email.trim().toLowerCase()
      const callbackURL = `/verify-email?change=${encodeURIComponent(newEmail)}`
      await answerOf((options) => auth.changeEmail({ newEmail, callbackURL }, options))
      setSent(user.emailVerified ? say.toOld(user.email) : say.toNew(newEmail))
      reset()
    },
    ({ email }) => wrong({ email: email.trim().toLowerCase() === user.email ? say.same : checkEmail(email) }),
  )
  return (
    <Section title={say.title} text={say.text}>
      <p className="break-words">
        {say.current(user.email)}{' '}
        <span className={user.emailVerified ? 'text-accent' : 'text-danger'}>
          {user.emailVerified ? say.verified : say.unverified}
        </span>
      </p>
      {!user.emailVerified && (
        <div className="mt-4">
          <SendAgain send={() => sendVerification(user.email)} label={say.sendAgain} />
          <OutboxLink />
        </div>
      )}
      <form {...form} className="mt-6 grid gap-4">
        <EmailField label={say.label} autoComplete="email" error={errors.email} />
        <Refused failure={failure} />
        {sent && (
          <div>
            <Notice>{sent}</Notice>
            {user.emailVerified && <OutboxLink />}
          </div>
        )}
        <Button type="submit" small busy={busy} className="justify-self-start">
          {say.submit}
        </Button>
      </form>
    </Section>
  )
}
