import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { checkNewPassword, PasswordField, Refused, useForm, wrong } from '../entry/form'
import { OutboxLink, SendAgain } from '../entry/mailbox'
import { useSignInOptions } from '../entry/options'
import { answerOf } from '../entry/refusal'
import { auth } from '../session/auth'
import { type Person, useSessionChanged } from '../session/session'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Failure, Loading } from '../ui/states'
import { toast } from '../ui/toasts'
import { useHasPassword } from './accounts'
import { Section } from './section'
import { sessionsKey } from './sessions'

const say = strings.people.account.password

export function Password({ user }: { user: Person }) {
  const { data: hasPassword, error, refetch } = useHasPassword()
  return (
    <Section title={say.title} text={say.text}>
      {hasPassword ? (
        <Change />
      ) : hasPassword === false ? (
        <Choose user={user} />
      ) : error ? (
        <Failure error={error} onRetry={() => refetch()} />
      ) : (
        <Loading />
      )}
    </Section>
  )
}

function Change() {
  const { options } = useSignInOptions()
  const changed = useSessionChanged()
  const client = useQueryClient()
  const { form, busy, errors, failure, reset } = useForm(
    async ({ currentPassword, newPassword }) => {
      await answerOf((options) =>
        auth.changePassword({ currentPassword, newPassword, revokeOtherSessions: true }, options),
      )
      reset()
      toast(say.changed)
      await changed('profile')
      await client.invalidateQueries({ queryKey: sessionsKey })
    },
    ({ currentPassword, newPassword }) =>
      wrong({
        currentPassword: currentPassword ? undefined : strings.people.fields.passwordMissing,
        newPassword: checkNewPassword(newPassword, options.password),
      }),
  )
  const labels = strings.people.fields
  return (
    <form {...form} className="grid gap-4">
      <PasswordField
        label={labels.currentPassword}
        name="currentPassword"
        autoComplete="current-password"
        error={errors.currentPassword}
      />
      <PasswordField
        label={labels.newPassword}
        name="newPassword"
        autoComplete="new-password"
        hint={errors.newPassword ? undefined : labels.atLeast(options.password.min)}
        error={errors.newPassword}
      />
      <Refused failure={failure} />
      <Button type="submit" small busy={busy} className="justify-self-start">
        {say.submit}
      </Button>
    </form>
  )
}

function Choose({ user }: { user: Person }) {
  const [sent, setSent] = useState(false)
  const send = async () => {
    const ask = { email: user.email, redirectTo: '/reset-password' }
    await answerOf((options) => auth.requestPasswordReset(ask, options))
    setSent(true)
  }
  return (
    <div className="grid gap-4">
      <p className="text-pretty">{say.none}</p>
      <SendAgain send={send} label={say.sendLink} />
      {sent && <OutboxLink />}
    </div>
  )
}
