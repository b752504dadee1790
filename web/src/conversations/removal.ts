// Deleting can be undone for as long as the message about it stands; only then the gateway is told.
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useSyncExternalStore } from 'react'
import type { Conversation } from '../api/client'
import { apiFetch } from '../session/session'
import { strings } from '../strings'
import { toast } from '../ui/toasts'
import { useListed } from './list'

const listeners = new Set<() => void>()
let leaving: ReadonlySet<string> = new Set()

function set(next: ReadonlySet<string>) {
  leaving = next
  for (const listener of listeners) listener()
}

const without = (id: string) => new Set([...leaving].filter((one) => one !== id))

const remove = (id: string) => apiFetch(`/conversations/${id}`, { method: 'DELETE', keepalive: true })

// A page that is closed carries out what nobody has taken back.
addEventListener('pagehide', () => {
  for (const id of leaving) void remove(id)
})

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** The conversations that are being deleted, and are no longer shown. */
export const useLeaving = () => useSyncExternalStore(subscribe, () => leaving)

export function useRemove() {
  const client = useQueryClient()
  const list = useListed()
  return useCallback(
    ({ id, title }: Pick<Conversation, 'id' | 'title'>) => {
      set(new Set([...leaving, id]))
      toast(strings.chat.list.removed(title ?? strings.chat.untitled), {
        action: { label: strings.common.undo, run: () => set(without(id)) },
        onGone: async () => {
          const response = await remove(id).catch(() => undefined)
          if (response?.ok || response?.status === 404) {
            list.take(id)
            client.removeQueries({ queryKey: ['conversation', id] })
            client.removeQueries({ queryKey: ['path', id] })
          } else {
            toast(strings.common.problem.unknown)
          }
          set(without(id))
        },
      })
    },
    [client, list],
  )
}
