import { useState } from 'react'
import { useSearch } from 'wouter'
import { CheckMail, verified } from '../entry/check-mail'
import { checkEmail, checkNewPassword, EmailField, PasswordField, Refused, useForm, wrong } from '../entry/form'
import { Entry, TextLink } from '../entry/layout'
import { useSignInOptions } from '../entry/options'
import { answerOf, Refusal } from '../entry/refusal'
import { SocialLogin } from '../entry/social'
import { auth } from '../session/auth'
import { nextOf } from '../session/guard'
import { useSessionChanged } from '../session/session'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Failure } from '../ui/states'
import { toast } from '../ui/toasts'

export default function SignupPage() {
  const next = nextOf(useSearch())
  const changed = useSessionChanged()
  const { options, error, retry } = useSignInOptions()
  const [waiting, setWaiting] = useState<string>()
  const say = strings.people

  const { form, busy, errors, failure } = useForm(
    async ({ name, email, password }) => {
      const person = { name: name.trim(), email: email.trim(), password, callbackURL: verified }
      const { token } = await answerOf((options) => auth.signUp.email(person, options))
      if (!token) return setWaiting(person.email)
      if (!(await changed('signed-in'))) throw new Refusal(say.cookies)
      toast(say.signup.welcome(person.email))
    },
    ({ name, email, password }) =>
      wrong({
        name: name.trim() ? undefined : say.fields.nameMissing,
        email: checkEmail(email),
        password: checkNewPassword(password, options.password),
      }),
  )

  if (waiting) return <CheckMail email={waiting} />
  return (
    <Entry
      title={say.signup.title}
      footer={
        <>
          {say.signup.have} <TextLink href={`/login?next=${encodeURIComponent(next)}`}>{say.signup.logIn}</TextLink>
        </>
      }
    >
      {error && <Failure error={error} onRetry={retry} className="mb-6" />}
      <form {...form} className="grid gap-5">
        <Field
          label={say.fields.name}
          name="name"
          autoComplete="name"
          maxLength={100}
          dir="auto"
          error={errors.name}
          autoFocus
        />
        <EmailField error={errors.email} />
        <PasswordField
          label={say.fields.password}
          name="password"
          autoComplete="new-password"
          hint={errors.password ? undefined : say.fields.atLeast(options.password.min)}
          error={errors.password}
        />
        <Refused failure={failure} />
        <Button type="submit" look="primary" busy={busy}>
          {say.signup.submit}
        </Button>
      </form>
      <SocialLogin next={next} />
    </Entry>
  )
}
