// What is being written, kept over reloads and log-ins of this tab.
import { useCallback, useState } from 'react'

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

export function useDraft(chat: string) {
  const [draft, setDraft] = useState({ chat, text: read(chat) })
  if (draft.chat !== chat) setDraft({ chat, text: read(chat) })
  const set = useCallback(
    (text: string) => {
      write(chat, text)
      setDraft({ chat, text })
    },
    [chat],
  )
  return [draft.chat === chat ? draft.text : read(chat), set] as const
}
