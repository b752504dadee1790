import { useState } from 'react'
import { auth } from '../session/auth'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Notice } from '../ui/states'
import { useSignInOptions } from './options'
import { ProviderMark } from './provider-mark'
import { answerOf, Refusal } from './refusal'

/** Log-in by accounts elsewhere, as far as there is any. */
export function SocialLogin({ next }: { next: string }) {
  const { options } = useSignInOptions()
  const [busy, setBusy] = useState<string>()
  const [failure, setFailure] = useState<Refusal>()
  const say = strings.people.social
  if (options.providers.length === 0) return null
  const go = async (provider: string) => {
    setBusy(provider)
    setFailure(undefined)
    const errorCallbackURL = `/login?next=${encodeURIComponent(next)}`
    try {
      // Better Auth's client leaves for the provider by itself.
      await answerOf((options) => auth.signIn.social({ provider, callbackURL: next, errorCallbackURL }, options))
    } catch (error) {
      setFailure(error instanceof Refusal ? error : new Refusal(strings.people.unknown))
      setBusy(undefined)
    }
  }
  return (
    <>
      <div className="my-6 flex items-center gap-4 text-sm text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
        {say.or}
      </div>
      <div className="grid gap-3">
        {options.providers.map(({ id, name }) => (
          <Button key={id} className="w-full" busy={busy === id} onClick={() => go(id)}>
            {busy !== id && <ProviderMark id={id} />}
            <span className="truncate">{say.with(name)}</span>
          </Button>
        ))}
        {failure && <Notice tone="danger">{failure.message}</Notice>}
      </div>
    </>
  )
}

/** Why a log-in elsewhere led back here, by the `error` in the address. */
export function socialFailure(error: string): string {
  const { failed, reasons, unknown } = strings.people.social
  const known = Object.keys(reasons).find((reason) => error.startsWith(reason))
  return failed(known ? (reasons[known] ?? unknown) : unknown)
}
