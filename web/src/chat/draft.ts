// What is being written, kept over reloads and log-ins of this tab.
import { useCallback, useEffect, useRef, useState } from 'react'
import { keep, keptFor, readKept } from '../session/kept'

const keyOf = (person: string, chat: string) => keptFor(person, `draft.${chat}`)

/** The chat's id, or `new`. A new chat that gets an id takes its draft along. */
export function useDraft(person: string, chat: string) {
  const key = keyOf(person, chat)
  const [draft, setDraft] = useState({ key, text: readKept(key) })
  if (draft.key !== key) setDraft({ ...draft, key })
  useEffect(() => keep(draft.key, draft.text), [draft])
  const previous = useRef(key)
  useEffect(() => {
    if (previous.current !== key) keep(previous.current, '')
    previous.current = key
  }, [key])
  const set = useCallback((text: string) => setDraft((draft) => ({ ...draft, text })), [])
  return [draft.text, set] as const
}

/** Keeps what could not be sent for when the page is there again, unless something else was written meanwhile. */
export function useRescue(person: string, chat: string, unsent: string | undefined) {
  const key = keyOf(person, chat)
  useEffect(() => {
    if (!unsent) return
    const rescue = () => {
      if (!readKept(key)) keep(key, unsent)
    }
    addEventListener('pagehide', rescue)
    return () => removeEventListener('pagehide', rescue)
  }, [key, unsent])
}
