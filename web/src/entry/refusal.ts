// What identity refuses, as a sentence for the person and, where it is about one, the field.
import { strings } from '../strings'

export type FieldName = 'name' | 'email' | 'password' | 'newPassword' | 'currentPassword' | 'confirm'

/** A form that was not accepted. */
export class Refusal extends Error {
  readonly field: FieldName | undefined
  readonly code: string

  constructor(message: string, { field, code = '' }: { field?: FieldName | undefined; code?: string } = {}) {
    super(message)
    this.name = 'Refusal'
    this.field = field
    this.code = code
  }
}

interface Answer<Data> {
  data: Data | null
  error: { status: number; code?: string | undefined; message?: string | undefined } | null
}

const fields: Record<string, FieldName> = {
  INVALID_EMAIL: 'email',
  USER_ALREADY_EXISTS: 'email',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: 'email',
  INVALID_PASSWORD: 'currentPassword',
}

/** The data of a call of Better Auth's client, or a `Refusal`. */
export async function answerOf<Data>(
  call: (options: { onError: (context: { response: Response }) => void }) => Promise<Answer<Data>>,
): Promise<Data> {
  let wait = 0
  const onError = ({ response }: { response: Response }) => {
    wait = Number(response.headers.get('retry-after') ?? response.headers.get('x-retry-after') ?? 0)
  }
  const { data, error } = await call({ onError }).catch(() => {
    throw new Refusal(navigator.onLine ? strings.people.unreachable : strings.people.offline, { code: 'unreachable' })
  })
  if (error) throw refusalOf(error, wait)
  return data as Data
}

export function refusalOf({ status, code = '' }: NonNullable<Answer<unknown>['error']>, wait = 0): Refusal {
  const say = strings.people
  if (status === 429) return new Refusal(say.tooMany(wait), { code: 'rate_limited' })
  const known = say.refused[code]
  if (known) return new Refusal(known, { field: fields[code], code })
  if (status === 0 || status === 404 || status >= 500) return new Refusal(say.unreachable, { code: 'unreachable' })
  if (status === 401) return new Refusal(strings.common.session.ended, { code: 'signed_out' })
  return new Refusal(say.unknown, { code })
}
