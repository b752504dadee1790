import type { QueryClient } from '@tanstack/react-query'
import type { Tokens } from './tokens'

interface Who {
  user: { id: string }
}

/** Lets go of what was known for one person when another is found signed in, here or in another tab. */
export function afterChangeOfPerson(
  client: QueryClient,
  tokens: Pick<Tokens, 'forget'>,
  before: Who | null | undefined,
  now: Who | null,
) {
  // Nothing was asked as anybody yet.
  if (before === undefined || before?.user.id === now?.user.id) return
  tokens.forget()
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
}
