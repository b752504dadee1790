import { useState } from 'react'
import { useLocation } from 'wouter'
import { finishRemovals } from '../conversations/removal'
import { PasswordField, Refused, useForm, wrong } from '../entry/form'
import { answerOf, Refusal } from '../entry/refusal'
import { auth } from '../session/auth'
import { type Person, useSessionChanged } from '../session/session'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Field } from '../ui/field'
import { Loading } from '../ui/states'
import { toast } from '../ui/toasts'
import { useHasPassword } from './accounts'
import { Section } from './section'

const say = strings.people.account.remove

export function Removal({ user }: { user: Person }) {
  const [open, setOpen] = useState(false)
  return (
    <Section title={say.title} text={say.text}>
      <Button small className="text-danger!" onClick={() => setOpen(true)}>
        {say.open}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={say.dialog}>
        <Confirm user={user} onCancel={() => setOpen(false)} />
      </Dialog>
    </Section>
  )
}

function Confirm({ user, onCancel }: { user: Person; onCancel: () => void }) {
  const { data: hasPassword } = useHasPassword()
  const changed = useSessionChanged()
  const [, navigate] = useLocation()
  const { form, busy, errors, failure } = useForm(
    async ({ currentPassword, confirm }) => {
      await finishRemovals()
      try {
        await answerOf((options) => auth.deleteUser(hasPassword ? { password: currentPassword } : {}, options))
      } catch (error) {
        const stale = error instanceof Refusal && /^SESSION_(EXPIRED|NOT_FRESH)$/.test(error.code)
        throw stale && confirm ? new Refusal(say.fresh) : error
      }
      navigate('/', { replace: true })
      await changed('left')
      toast(say.gone)
    },
    ({ currentPassword, confirm }) =>
      wrong({
        currentPassword: hasPassword && !currentPassword ? strings.people.fields.passwordMissing : undefined,
        confirm: !hasPassword && confirm?.trim().toLowerCase() !== user.email ? say.mismatch : undefined,
      }),
  )
  if (hasPassword === undefined) return <Loading />
  return (
    <form {...form} className="grid gap-5">
      <p className="text-pretty">{say.sure}</p>
      {hasPassword ? (
        <PasswordField
          label={say.confirm}
          name="currentPassword"
          autoComplete="current-password"
          error={errors.currentPassword}
          autoFocus
        />
      ) : (
        <Field
          label={say.confirmEmail(user.email)}
          name="confirm"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          error={errors.confirm}
          autoFocus
        />
      )}
      <Refused failure={failure} />
      <div className="flex flex-wrap justify-end gap-3">
        <Button onClick={onCancel}>{strings.common.cancel}</Button>
        <Button type="submit" look="danger" busy={busy}>
          {say.submit}
        </Button>
      </div>
    </form>
  )
}
