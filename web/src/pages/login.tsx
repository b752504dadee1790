import { useState } from 'react'
import { useSearch } from 'wouter'
import { CheckMail } from '../entry/check-mail'
import { checkEmail, EmailField, PasswordField, Refused, useForm, wrong } from '../entry/form'
import { Entry, TextLink } from '../entry/layout'
import { useSignInOptions } from '../entry/options'
import { answerOf, Refusal } from '../entry/refusal'
import { SocialLogin, socialFailure } from '../entry/social'
import { auth } from '../session/auth'
import { nextOf } from '../session/guard'
import { useSessionChanged, useSessionEnded } from '../session/session'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Failure, Notice } from '../ui/states'

export default function LoginPage() {
  const search = useSearch()
  const next = nextOf(search)
  const elsewhere = new URLSearchParams(search).get('error')
  const ended = useSessionEnded()
  const changed = useSessionChanged()
  const { error, retry } = useSignInOptions()
  const [unverified, setUnverified] = useState<string>()
  const say = strings.people.login

  const { form, busy, errors, failure } = useForm(
    async ({ email, password }) => {
      try {
        await answerOf((options) => auth.signIn.email({ email: email.trim(), password }, options))
      } catch (error) {
        if (error instanceof Refusal && error.code === 'EMAIL_NOT_VERIFIED') return setUnverified(email.trim())
        throw error
      }
      // The page that asked for the log-in follows by itself, once there is a session.
      if (!(await changed('signed-in'))) throw new Refusal(strings.people.cookies)
    },
    ({ email, password }) =>
      wrong({ email: checkEmail(email), password: password ? undefined : strings.people.fields.passwordMissing }),
  )

  if (unverified) return <CheckMail email={unverified} />
  const signUp = `/signup?next=${encodeURIComponent(next)}`
  return (
    <Entry
      title={say.title}
      footer={
        <>
          {say.none} <TextLink href={signUp}>{say.signUp}</TextLink>
        </>
      }
    >
      <div className="grid gap-4 not-empty:mb-6">
        {ended && <Notice>{say.ended}</Notice>}
        {elsewhere && <Notice tone="danger">{socialFailure(elsewhere)}</Notice>}
        {error && <Failure error={error} onRetry={retry} />}
      </div>
      <form {...form} className="grid gap-5">
        <EmailField error={errors.email} autoFocus />
        <PasswordField
          label={strings.people.fields.password}
          name="password"
          autoComplete="current-password"
          error={errors.password}
          aside={<TextLink href="/forgot-password">{say.forgot}</TextLink>}
        />
        <Refused failure={failure} />
        <Button type="submit" look="primary" busy={busy}>
          {say.submit}
        </Button>
      </form>
      <SocialLogin next={next} />
    </Entry>
  )
}
