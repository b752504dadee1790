// Deleting can be undone for as long as the message about it stands; only then the gateway is told.
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useSyncExternalStore } from 'react'
import type { Conversation } from '../api/client'
import { apiFetch } from '../session/session'
import { strings } from '../strings'
import { dismiss, toast } from '../ui/toasts'
import { useListed } from './list'

const listeners = new Set<() => void>()
/** What is being deleted, and how that is carried out without waiting any longer. */
let leaving: ReadonlyMap<string, () => Promise<void>> = new Map()

function set(next: typeof leaving) {
  leaving = next
  for (const listener of listeners) listener()
}

const without = (id: string) => new Map([...leaving].filter(([one]) => one !== id))

const remove = (id: string) => apiFetch(`/conversations/${id}`, { method: 'DELETE', keepalive: true })

/** Carries out what nobody has taken back: before its person signs out, after which it could not be done. */
export async function finishRemovals() {
  await Promise.all([...leaving.values()].map((finish) => finish()))
}

// A page that is closed carries out what nobody has taken back; if it is shown again after all, that is done.
addEventListener('pagehide', () => {
  for (const id of leaving.keys()) void remove(id)
})
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) void finishRemovals()
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
    ({ id, title }: Pick<Conversation, 'id' | 'title'>, onUndone?: () => void) => {
      let finished: Promise<void> | undefined
      const finish = () => {
        if (!finished) {
          finished = carryOut()
          dismiss(shown)
        }
        return finished
      }
      const carryOut = async () => {
        const response = await remove(id).catch(() => undefined)
        if (response?.ok || response?.status === 404) {
          list.take(id)
          client.removeQueries({ queryKey: ['conversation', id] })
          client.removeQueries({ queryKey: ['path', id] })
        } else {
          toast(strings.common.problem.unknown)
        }
        set(without(id))
      }
      const undo = () => {
        set(without(id))
        onUndone?.()
      }
      set(new Map([...leaving, [id, finish]]))
      const shown = toast(strings.chat.list.removed(title ?? strings.chat.untitled), {
        action: { label: strings.common.undo, run: undo },
        onGone: finish,
      })
    },
    [client, list],
  )
}
