import { auth } from '../session/auth'
import { strings } from '../strings'
import { Entry, TextLink } from './layout'
import { OutboxLink, SendAgain } from './mailbox'
import { answerOf } from './refusal'

export const verified = '/verify-email?verified=1'

export const sendVerification = (email: string) =>
  answerOf((options) => auth.sendVerificationEmail({ email, callbackURL: verified }, options))

/** Nobody gets in before the address is verified. */
export function CheckMail({ email }: { email: string }) {
  const say = strings.people.mail
  return (
    <Entry
      title={say.title}
      lead={say.verify(email)}
      footer={<TextLink href="/login">{strings.people.forgot.back}</TextLink>}
    >
      <p className="mb-4 text-sm text-muted">{say.nothing}</p>
      <SendAgain send={() => sendVerification(email)} />
      <OutboxLink />
    </Entry>
  )
}
