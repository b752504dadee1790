import type { Message } from '../api/client'

/** A stored message, as short as a test wants it. */
export function message(id: string, parent: string | null, more: Partial<Message> = {}): Message {
  return {
    id,
    conversation_id: 'c',
    parent_id: parent,
    role: 'user',
    status: 'completed',
    content: `text of ${id}`,
    parts: [],
    sources: [],
    metadata: {},
    ...more,
  } as Message
}

/** Messages that follow one another. */
export function chain(...ids: string[]): Message[] {
  return ids.map((id, index) => message(id, ids[index - 1] ?? null, { role: index % 2 === 0 ? 'user' : 'assistant' }))
}
