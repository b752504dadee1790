import { useState } from 'react'
import { Link, useSearch } from 'wouter'
import { checkNewPassword, PasswordField, Refused, useForm, wrong } from '../entry/form'
import { Entry } from '../entry/layout'
import { useSignInOptions } from '../entry/options'
import { answerOf, Refusal } from '../entry/refusal'
import { auth } from '../session/auth'
import { useSessionChanged } from '../session/session'
import { strings } from '../strings'
import { Button, buttonClass } from '../ui/button'

export default function ResetPasswordPage() {
  const token = new URLSearchParams(useSearch()).get('token')
  const { options } = useSignInOptions()
  const changed = useSessionChanged()
  const [state, setState] = useState<'open' | 'done' | 'expired'>(token ? 'open' : 'expired')
  const say = strings.people.reset

  const { form, busy, errors, failure } = useForm(
    async ({ newPassword }) => {
      try {
        await answerOf((options) => auth.resetPassword({ newPassword, token: token ?? '' }, options))
      } catch (error) {
        if (error instanceof Refusal && error.code === 'INVALID_TOKEN') return setState('expired')
        throw error
      }
      setState('done')
      // All sessions ended with the old password.
      await changed('signed-out')
    },
    ({ newPassword }) => wrong({ newPassword: checkNewPassword(newPassword, options.password) }),
  )

  if (state === 'expired') {
    return (
      <Entry title={say.expired} lead={say.expiredText}>
        <Link href="/forgot-password" className={buttonClass('primary')}>
          {say.again}
        </Link>
      </Entry>
    )
  }
  if (state === 'done') {
    return (
      <Entry title={say.done} lead={say.doneText}>
        <Link href="/login" className={buttonClass('primary')}>
          {strings.people.login.submit}
        </Link>
      </Entry>
    )
  }
  return (
    <Entry title={say.title}>
      <form {...form} className="grid gap-5">
        <PasswordField
          label={strings.people.fields.newPassword}
          name="newPassword"
          autoComplete="new-password"
          hint={errors.newPassword ? undefined : strings.people.fields.atLeast(options.password.min)}
          error={errors.newPassword}
          autoFocus
        />
        <Refused failure={failure} />
        <Button type="submit" look="primary" busy={busy}>
          {say.submit}
        </Button>
      </form>
    </Entry>
  )
}
