// Forms that say what is wrong where it is wrong, and keep what was written.
import { Eye, EyeOff } from 'lucide-react'
import { type ComponentProps, type FormEvent, type ReactNode, useRef, useState } from 'react'
import { strings } from '../strings'
import { IconButton } from '../ui/button'
import { Field } from '../ui/field'
import { Notice } from '../ui/states'
import { type FieldName, Refusal } from './refusal'

type Errors = Partial<Record<FieldName, string>>
type Values = Record<FieldName, string>

/** What is wrong before anything is sent; an empty object sends it. */
export type Check = (values: Values) => Errors

export interface FormHandle {
  busy: boolean
  errors: Errors
  failure: Refusal | undefined
  form: { ref: React.RefObject<HTMLFormElement | null>; noValidate: true; onSubmit: (event: FormEvent) => void }
  reset: () => void
}

export function useForm(send: (values: Values) => Promise<unknown>, check?: Check): FormHandle {
  const ref = useRef<HTMLFormElement>(null)
  const [busy, setBusy] = useState(false)
  const [errors, setErrors] = useState<Errors>({})
  const [failure, setFailure] = useState<Refusal>()

  const refuse = (errors: Errors) => {
    setErrors(errors)
    const first = [...(ref.current?.elements ?? [])].find((element) => (element as HTMLInputElement).name in errors)
    if (first instanceof HTMLElement) first.focus()
  }
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || !ref.current) return
    const values = Object.fromEntries(new FormData(ref.current)) as Values
    const wrong = check?.(values) ?? {}
    setFailure(undefined)
    refuse(wrong)
    if (Object.keys(wrong).length > 0) return
    setBusy(true)
    try {
      await send(values)
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(strings.people.unknown)
      const { field } = refusal
      if (field && ref.current?.elements.namedItem(field)) refuse({ [field]: refusal.message })
      else setFailure(refusal)
    } finally {
      setBusy(false)
    }
  }
  const reset = () => {
    ref.current?.reset()
    setErrors({})
    setFailure(undefined)
  }
  return { busy, errors, failure, form: { ref, noValidate: true, onSubmit }, reset }
}

/** What was refused as a whole, in its place above the button. */
export function Refused({ failure, action }: { failure: Refusal | undefined; action?: ReactNode }) {
  return failure ? (
    <Notice tone="danger" action={action}>
      {failure.message}
    </Notice>
  ) : null
}

export function PasswordField(props: ComponentProps<typeof Field>) {
  const [shown, setShown] = useState(false)
  const say = strings.people.fields
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      inside={
        <IconButton
          tip={false}
          label={shown ? say.hide : say.show}
          icon={shown ? <EyeOff /> : <Eye />}
          onClick={() => setShown(!shown)}
        />
      }
    />
  )
}

export const EmailField = (props: Partial<ComponentProps<typeof Field>>) => (
  <Field
    label={strings.people.fields.email}
    name="email"
    type="email"
    inputMode="email"
    autoComplete="username"
    autoCapitalize="none"
    spellCheck={false}
    dir="ltr"
    {...props}
  />
)

export function checkEmail(email: string): string | undefined {
  const say = strings.people.fields
  if (!email.trim()) return say.emailMissing
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/u.test(email.trim()) ? undefined : say.emailWrong
}

export function checkNewPassword(password: string, { min, max }: { min: number; max: number }): string | undefined {
  const say = strings.people.fields
  if (!password) return say.passwordMissing
  if (password.length < min) return say.passwordShort(min)
  return password.length > max ? say.passwordLong(max) : undefined
}

/** Without the entries that are not there. */
export function wrong(errors: { [name in FieldName]?: string | undefined }): Errors {
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error)) as Errors
}
