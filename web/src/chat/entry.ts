// One message as the thread shows it, whether it was read from the history or is just arriving.
import type { UIMessage } from 'ai'
import type { Message, Source } from '../api/client'

export interface Tool {
  id: string
  name: string
  state: 'running' | 'done' | 'failed'
}

export interface Entry {
  /** The same while a message goes from being sent to being stored, so that it stays where it is on the page. */
  key: string
  id: string
  role: Message['role']
  status: Message['status']
  text: string
  reasoning: string
  tools: Tool[]
  sources: Source[]
  error: string | null
  live: boolean
  /** What is stored of it, once it is. */
  stored?: Message
}

/** What the gateway says with a message. */
export interface Metadata {
  runId?: string
  conversationId?: string
  userMessageId?: string
  createdAt?: string
  status?: Message['status'] | 'lost'
  error?: { code: string; message: string }
}

export type ChatMessage = UIMessage<Metadata>

const stored = new WeakMap<Message, Entry>()
const live = new WeakMap<ChatMessage, Entry>()

export function entryOf(message: Message): Entry {
  const known = stored.get(message)
  if (known) return known
  const entry: Entry = {
    key: message.client_id ?? message.id,
    id: message.id,
    role: message.role,
    status: message.status,
    text: message.content,
    reasoning: message.parts
      .filter(isReasoning)
      .map((part) => part.text)
      .join('\n\n'),
    tools: toolsOf(message.parts as unknown as StoredPart[]),
    sources: message.sources,
    error: message.error?.message ?? null,
    live: false,
    stored: message,
  }
  stored.set(message, entry)
  return entry
}

interface StoredPart {
  type: string
  id?: string
  name?: string
  text?: string
  error?: unknown
}

const isReasoning = (part: object): part is { text: string } => (part as StoredPart).type === 'reasoning'

function toolsOf(parts: StoredPart[]): Tool[] {
  const results = new Map(parts.filter((part) => part.type === 'tool_result').map((part) => [part.id, part]))
  return parts
    .filter((part) => part.type === 'tool_call')
    .map((part) => {
      const result = results.get(part.id)
      return { id: part.id ?? '', name: part.name ?? '', state: result?.error ? 'failed' : result ? 'done' : 'running' }
    })
}

export function entryOfLive(message: ChatMessage): Entry {
  const known = live.get(message)
  if (known) return known
  const { metadata } = message
  const status = metadata?.status === 'lost' ? 'streaming' : metadata?.status
  const entry: Entry = {
    key: message.id,
    id: message.id,
    role: message.role,
    status: status ?? (message.role === 'user' ? 'completed' : 'streaming'),
    text: message.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    reasoning: message.parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join(''),
    tools: message.parts.flatMap(liveTool),
    sources: message.parts.flatMap(liveSource),
    error: metadata?.error?.message ?? null,
    live: true,
  }
  live.set(message, entry)
  return entry
}

type Part = ChatMessage['parts'][number]

function liveTool(part: Part): Tool[] {
  if (!('toolCallId' in part)) return []
  const name = part.type === 'dynamic-tool' ? part.toolName : part.type.slice('tool-'.length)
  const state = part.state === 'output-available' ? 'done' : part.state === 'output-error' ? 'failed' : 'running'
  return [{ id: part.toolCallId, name, state }]
}

function liveSource(part: Part): Source[] {
  if (part.type !== 'source-url' && part.type !== 'source-document') return []
  const told = (part.providerMetadata?.colloquy ?? {}) as {
    ordinal?: number
    url?: string
    snippet?: string
    score?: number
    span?: { start: number; end: number }
    contentHash?: string
    metadata?: Record<string, never>
  }
  return [
    {
      id: null,
      ordinal: told.ordinal ?? 0,
      kind: part.type === 'source-url' ? 'url' : 'document',
      title: part.title ?? null,
      url: part.type === 'source-url' ? part.url : (told.url ?? null),
      snippet: told.snippet ?? null,
      score: told.score ?? null,
      span: told.span ?? null,
      content_hash: told.contentHash ?? null,
      metadata: told.metadata ?? {},
    },
  ]
}

/** A stored message as `useChat` wants it, to be edited or answered again. */
export function uiMessage(message: Message): ChatMessage {
  return {
    id: message.id,
    role: message.role === 'tool' ? 'assistant' : message.role,
    parts: [{ type: 'text', text: message.content, state: 'done' }],
    metadata: { conversationId: message.conversation_id },
  }
}

export const isFinal = (status: Entry['status']) => status !== 'pending' && status !== 'streaming'

/**
 * What the thread shows: what is stored as far as the turn begins, then the turn. A turn that is stored is no longer needed.
 * `after` is the message that the turn follows, null before the first, undefined at the end.
 */
export function entriesOf(
  items: readonly Message[],
  turn: readonly ChatMessage[],
  after: string | null | undefined,
): Entry[] {
  if (isStored(items, turn)) return items.map(entryOf)
  const cut = after === undefined ? items.length : items.findIndex((item) => item.id === after) + 1
  const arriving = turn.map(entryOfLive)
  const ids = new Set(arriving.flatMap((entry) => [entry.id, entry.key]))
  const before = items.slice(0, cut).filter((item) => !ids.has(item.id) && !ids.has(item.client_id ?? item.id))
  return [...before.map(entryOf), ...arriving]
}

/** Whether the answer of a turn has been read back from the history. */
export function isStored(items: readonly Message[], turn: readonly ChatMessage[]): boolean {
  const answer = turn.at(-1)
  if (answer?.role !== 'assistant') return turn.length === 0
  return items.some((item) => item.id === answer.id && isFinal(item.status))
}
