import { useQuery } from '@tanstack/react-query'
import { answerOf } from '../entry/refusal'
import { auth } from '../session/auth'

/** Whether there is a password, or only log-in by another service. */
export const useHasPassword = () =>
  useQuery({
    queryKey: ['accounts'],
    queryFn: async () => {
      const accounts = await answerOf((options) => auth.listAccounts({ fetchOptions: options }))
      return accounts.some(({ providerId }) => providerId === 'credential')
    },
  })
