import { queryOptions, useQuery } from '@tanstack/react-query'
import { problemOf, Unreachable } from '../session/problem'

/** What identity offers. */
export interface SignInOptions {
  providers: { id: string; name: string }[]
  email_verification: boolean
  outbox: boolean
  password: { min: number; max: number }
}

const optionsQuery = queryOptions({
  queryKey: ['sign-in-options'],
  queryFn: async (): Promise<SignInOptions> => {
    const response = await fetch('/api/auth/options', { headers: { accept: 'application/json' } }).catch(() => {
      throw new Unreachable()
    })
    if (!response.ok) throw await problemOf(response)
    return response.json()
  },
  staleTime: Number.POSITIVE_INFINITY,
})

// Until identity has said better; it has the last word anyway.
const assumed: SignInOptions = {
  providers: [],
  email_verification: false,
  outbox: false,
  password: { min: 8, max: 128 },
}

export function useSignInOptions() {
  const { data, error, refetch } = useQuery(optionsQuery)
  return { options: data ?? assumed, error: data ? null : error, retry: () => void refetch() }
}
