import { type ChangeEvent, useRef, useState } from 'react'
import { Refused, useForm, wrong } from '../entry/form'
import { answerOf, Refusal } from '../entry/refusal'
import { auth } from '../session/auth'
import { type Person, useSessionChanged } from '../session/session'
import { strings } from '../strings'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { toast } from '../ui/toasts'
import { portrait } from './picture'
import { Section } from './section'

const say = strings.people.account

export function Profile({ user }: { user: Person }) {
  const changed = useSessionChanged()
  const save = async (change: { name?: string; image?: string | null }) => {
    await answerOf((options) => auth.updateUser(change, options))
    await changed('profile')
    toast(say.saved)
  }
  const { form, busy, errors, failure } = useForm(
    ({ name }) => save({ name: name.trim() }),
    ({ name }) => wrong({ name: name.trim() ? undefined : strings.people.fields.nameMissing }),
  )
  return (
    <Section title={say.profile.title} text={say.profile.text}>
      <Picture user={user} save={save} />
      <form {...form} className="mt-6 grid gap-4">
        <Field
          label={strings.people.fields.name}
          name="name"
          key={user.name}
          defaultValue={user.name}
          autoComplete="name"
          maxLength={100}
          dir="auto"
          error={errors.name}
        />
        <Refused failure={failure} />
        <Button type="submit" small busy={busy} className="justify-self-start">
          {say.profile.save}
        </Button>
      </form>
    </Section>
  )
}

interface PictureProps {
  user: Person
  save: (change: { image: string | null }) => Promise<void>
}

function Picture({ user, save }: PictureProps) {
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Refusal>()
  const set = async (image: () => Promise<string | null>) => {
    setBusy(true)
    setFailure(undefined)
    try {
      await save({ image: await image() })
    } catch (error) {
      setFailure(error instanceof Refusal ? error : new Refusal(say.profile.unreadable))
    }
    setBusy(false)
  }
  const onChange = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0]
    event.target.value = ''
    if (file) void set(() => portrait(file))
  }
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-4">
        <Avatar name={user.name || user.email} image={user.image} className="size-16 text-xl" />
        <div className="flex flex-wrap gap-2">
          <input
            ref={input}
            type="file"
            accept="image/png,image/jpeg,image/webp,image/avif,image/gif"
            aria-label={say.profile.picture}
            className="sr-only"
            tabIndex={-1}
            onChange={onChange}
          />
          <Button small busy={busy} onClick={() => input.current?.click()}>
            {say.profile.choose}
          </Button>
          {user.image && (
            <Button small look="quiet" onClick={() => set(async () => null)}>
              {say.profile.remove}
            </Button>
          )}
        </div>
      </div>
      <Refused failure={failure} />
    </div>
  )
}
