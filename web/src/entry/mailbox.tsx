// After a mail was sent: where to look, and what to do when nothing comes.
import { useState } from 'react'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Notice } from '../ui/states'
import { useSignInOptions } from './options'
import { Refusal } from './refusal'

/** In development mails can be read here. */
export function OutboxLink() {
  const { options } = useSignInOptions()
  const say = strings.people.mail
  if (!options.outbox) return null
  return (
    <p className="mt-4 border-l-2 border-accent pl-4 text-sm text-muted">
      {say.outbox}{' '}
      <a
        href="/api/auth/outbox"
        target="_blank"
        rel="noreferrer"
        className="font-medium text-accent underline underline-offset-4"
      >
        {say.openOutbox}
        <span className="sr-only"> ({strings.chat.markdown.newTab})</span>
      </a>
    </p>
  )
}

/** Sends a mail again, once at a time, and says what came of it. */
export function SendAgain({
  send,
  label = strings.people.mail.again,
}: {
  send: () => Promise<unknown>
  label?: string
}) {
  const [state, setState] = useState<'idle' | 'busy' | 'sent' | Refusal>('idle')
  const onClick = async () => {
    setState('busy')
    try {
      await send()
      setState('sent')
    } catch (error) {
      setState(error instanceof Refusal ? error : new Refusal(strings.people.unknown))
    }
  }
  return (
    <div className="grid justify-items-start gap-3">
      <Button small busy={state === 'busy'} onClick={onClick}>
        {label}
      </Button>
      {state === 'sent' && <Notice>{strings.people.mail.sent}</Notice>}
      {state instanceof Refusal && <Notice tone="danger">{state.message}</Notice>}
    </div>
  )
}
