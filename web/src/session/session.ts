// Who is signed in, and the one place that holds a token.
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { afterChangeOfPerson } from './change-of-person'
import { forgetKept } from './kept'
import { problemOf, Unreachable } from './problem'
import { authorized, Tokens } from './tokens'

export interface Person {
  id: string
  email: string
  name: string
  image?: string | null
  emailVerified: boolean
}

export interface Session {
  user: Person
  session: { id: string; userId: string }
}

const otherTabs = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('colloquy.session')
const listeners = new Set<() => void>()
let stale = false
let ended = false

function say(change: { stale?: boolean; ended?: boolean }) {
  stale = change.stale ?? stale
  ended = change.ended ?? ended
  for (const listener of listeners) listener()
}

export const tokens = new Tokens({
  onStale: (now) => {
    if (now !== stale) say({ stale: now })
    if (!now && ended) say({ ended: false })
  },
  onSignedOut: () => say({ ended: true }),
})

/** For every request to the gateway's API. */
export const apiFetch = authorized(tokens)

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal, client }): Promise<Session | null> => {
    const response = await fetch('/api/auth/get-session', { signal }).catch((error) => {
      throw signal.aborted ? error : new Unreachable()
    })
    if (!response.ok) throw await problemOf(response)
    const session = (await response.json()) as Session | null
    const before = client.getQueryData<Session | null>(['session'])
    afterChangeOfPerson(client, tokens, before, session)
    if (session) say({ ended: false })
    else if (before) say({ ended: true })
    return session
  },
  staleTime: 60_000,
  gcTime: Number.POSITIVE_INFINITY,
  retry: 1,
})

export const useSession = () => useQuery(sessionQuery)

/** `left`: on purpose. `signed-out`: the session was ended, and its person may come back to what they wrote. */
export type SessionChange = 'signed-in' | 'signed-out' | 'left' | 'profile'

/** To be called after every change of who is signed in; gives whom that left. Other tabs follow. */
export function useSessionChanged() {
  const client = useQueryClient()
  return async (change: SessionChange): Promise<Session | null> => {
    tokens.forget()
    otherTabs?.postMessage(change)
    if (change !== 'profile') client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
    if (change === 'left') forgetKept()
    if (change === 'left' || change === 'signed-out') {
      say({ ended: false })
      return client.setQueryData(sessionQuery.queryKey, null) ?? null
    }
    await client.refetchQueries({ queryKey: sessionQuery.queryKey })
    return client.getQueryData<Session | null>(sessionQuery.queryKey) ?? null
  }
}

/** Calls back when another tab changed who is signed in. */
export function onOtherTab(listener: () => void) {
  const heard = ({ data }: MessageEvent<SessionChange>) => {
    if (data === 'left') forgetKept()
    tokens.forget()
    listener()
  }
  otherTabs?.addEventListener('message', heard)
  return () => otherTabs?.removeEventListener('message', heard)
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Whether identity does not answer while the last token still holds. */
export const useStaleSession = () => useSyncExternalStore(subscribe, () => stale)

/** Whether the session turned out to have ended while the page was open. */
export const useSessionEnded = () => useSyncExternalStore(subscribe, () => ended)
