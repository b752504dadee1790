// What is being written, kept over reloads and log-ins of this tab.
import { useCallback, useEffect, useRef, useState } from 'react'

const key = (chat: string) => `colloquy.draft.${chat}`

function read(chat: string): string {
  try {
    return sessionStorage.getItem(key(chat)) ?? ''
  } catch {
    return ''
  }
}

function write(chat: string, text: string) {
  try {
    if (text) sessionStorage.setItem(key(chat), text)
    else sessionStorage.removeItem(key(chat))
  } catch {
    // Full or forbidden: the draft is in the page all the same.
  }
}

/** The chat's id, or `new`. A new chat that gets an id takes its draft along. */
export function useDraft(chat: string) {
  const [draft, setDraft] = useState({ chat, text: read(chat) })
  if (draft.chat !== chat) setDraft({ ...draft, chat })
  useEffect(() => write(draft.chat, draft.text), [draft])
  const previous = useRef(chat)
  useEffect(() => {
    if (previous.current !== chat) write(previous.current, '')
    previous.current = chat
  }, [chat])
  const set = useCallback((text: string) => setDraft((draft) => ({ ...draft, text })), [])
  return [draft.text, set] as const
}

/** Keeps what could not be sent for when the page is there again, unless something else was written meanwhile. */
export function useRescue(chat: string, unsent: string | undefined) {
  useEffect(() => {
    if (!unsent) return
    const rescue = () => {
      if (!read(chat)) write(chat, unsent)
    }
    addEventListener('pagehide', rescue)
    return () => removeEventListener('pagehide', rescue)
  }, [chat, unsent])
}
