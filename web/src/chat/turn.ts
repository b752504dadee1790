// A turn of a conversation: a question that goes out and an answer that comes in, with `useChat`, over the stored history.
import './no-eval'
import { Chat, useChat } from '@ai-sdk/react'
import { useQueryClient } from '@tanstack/react-query'
import { DefaultChatTransport } from 'ai'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Message } from '../api/client'
import { useListed } from '../conversations/list'
import { type Problem, problemFrom, problemOf } from '../session/problem'
import { apiFetch } from '../session/session'
import { type ChatMessage, isFinal, isStored, uiMessage } from './entry'
import { unlessIdle } from './idle'
import { useOnline } from './online'
import { pathOf } from './path'
import { mayRejoin, rejoinAfter } from './rejoin'

export interface TurnOptions {
  /** How the chat is called: the id of a conversation, or one of our own for a conversation that is yet to be. */
  chatId: string
  conversationId: string | undefined
  items: readonly Message[]
  agent: string | undefined
  onConversation: (id: string) => void
  onAnswer: (text: string) => void
}

export type TurnState = 'idle' | 'waiting' | 'writing' | 'lost' | 'failed'

const transport = new DefaultChatTransport<ChatMessage>({
  api: '/api/chat',
  fetch: async (...request) => {
    const response = await apiFetch(...request)
    // Else the SDK would make an error of the text alone.
    if (!response.ok) throw await problemOf(response)
    return unlessIdle(response)
  },
  prepareSendMessagesRequest: ({ id, messages, trigger, messageId, body }) => ({
    body: { ...body, id, message: messages.at(-1), trigger, messageId },
  }),
})

export function useTurn({ chatId, conversationId, items, agent, onConversation, onAnswer }: TurnOptions) {
  const client = useQueryClient()
  const listed = useListed()
  const online = useOnline()
  const [after, setAfter] = useState<string | null>()
  const chat = useMemo(
    () => new Chat<ChatMessage>({ id: chatId, transport, onData: (part) => titled.current(part) }),
    [chatId],
  )
  const { messages, status, error, sendMessage, regenerate, resumeStream, setMessages, clearError } = useChat({
    chat,
    experimental_throttle: 60,
  })
  const answer = messages.at(-1)?.role === 'assistant' ? messages.at(-1) : undefined
  const known = answer?.metadata?.conversationId ?? conversationId
  const stored = isStored(items, messages)
  const [tries, setTries] = useState(0)
  // What was last asked for, and whether it brings words that would be lost.
  const last = useRef({ brings: false, again: () => {} })

  const titled = useRef((_: { type: string; data: unknown }) => {})
  titled.current = ({ type, data }) => {
    if (type === 'data-chat-title' && typeof data === 'string' && known) listed.change(known, { title: data })
  }

  // The question is saved and has a place: the address of the page says where.
  useEffect(() => {
    if (answer?.metadata?.conversationId) onConversation(answer.metadata.conversationId)
  }, [answer?.metadata?.conversationId, onConversation])

  // What ended without saying how it ended was cut off on the way; the run goes on.
  const final = answer?.metadata?.status
  const cut = answer && (final === undefined || final === 'lost') && (status === 'ready' || status === 'error')
  const running = items.at(-1)
  const runs = running?.role === 'assistant' && !isFinal(running.status) ? running.id : undefined
  const unjoined = runs !== undefined && messages.length === 0 && error !== undefined && mayRejoin(problemFrom(error))
  const lost = (Boolean(cut) && !stored) || unjoined
  const failed = status === 'error' && !lost

  const settle = useCallback(async () => {
    if (!known) return
    await pathOf(client, known).end()
    listed.refresh(known)
  }, [client, known, listed])

  // An answer that has ended is read back as it was stored.
  const ended = answer && final && final !== 'lost' && (status === 'ready' || status === 'error')
  useEffect(() => {
    if (!ended || stored) return
    settle().catch(() => undefined)
  }, [ended, stored, settle])

  const text = ended ? answer.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') : undefined
  useEffect(() => {
    if (text !== undefined) onAnswer(text)
  }, [text, onAnswer])

  useEffect(() => {
    if (!stored) return
    if (messages.length > 0) {
      setMessages([])
      setAfter(undefined)
    }
    // A run that could not be joined is no trouble any more when it has ended.
    if (status === 'error' && !(runs && messages.length === 0)) clearError()
  }, [stored, messages.length, setMessages, clearError, status, runs])

  // The same stream again, from its beginning, until it ends or nothing goes on any more.
  useEffect(() => {
    if (!lost || !online) return
    const timer = setTimeout(async () => {
      await resumeStream()
      // Nothing goes on: then it has ended, and is stored.
      if (chat.status === 'ready') await settle().catch(() => undefined)
      setTries((tries) => tries + 1)
    }, rejoinAfter(tries))
    return () => clearTimeout(timer)
  }, [lost, online, tries, resumeStream, settle, chat])

  useEffect(() => {
    if (status === 'streaming') setTries(0)
  }, [status])

  // A run that somebody else began, or this page before it was loaded again.
  useEffect(() => {
    if (!runs || chat.status === 'submitted' || chat.status === 'streaming') return
    const join = async () => {
      setAfter(undefined)
      await resumeStream()
      if (chat.messages.length === 0) await settle().catch(() => undefined)
    }
    last.current = { brings: false, again: join }
    void join()
  }, [runs, chat, resumeStream, settle])

  // Leaving closes the connection only; the run goes on.
  useEffect(() => () => void chat.stop(), [chat])

  const body = useMemo(() => (agent ? { agent } : {}), [agent])
  const ask = useCallback(
    (text: string, id: string = crypto.randomUUID()) => {
      last.current = { brings: true, again: () => ask(text, id) }
      setAfter(undefined)
      setMessages([])
      void sendMessage({ id, role: 'user', parts: [{ type: 'text', text }] }, { body })
    },
    [sendMessage, setMessages, body],
  )
  // One key for a deed and its retries: what arrived after all is joined, not done twice. A question's id is its key.
  const edit = useCallback(
    (question: Message, text: string, deed: string = crypto.randomUUID()) => {
      last.current = { brings: true, again: () => edit(question, text, deed) }
      setAfter(question.parent_id ?? null)
      setMessages([uiMessage(question)])
      void sendMessage({ text, messageId: question.id }, { body, headers: { 'idempotency-key': deed } })
    },
    [sendMessage, setMessages, body],
  )
  const answerAgain = useCallback(
    (question: Message, old: Message, deed: string = crypto.randomUUID()) => {
      last.current = { brings: false, again: () => answerAgain(question, old, deed) }
      setAfter(question.parent_id ?? null)
      setMessages([uiMessage(question), uiMessage(old)])
      void regenerate({ messageId: old.id, body, headers: { 'idempotency-key': deed } })
    },
    [regenerate, setMessages, body],
  )
  const stop = useCallback(async () => {
    const run = answer?.metadata?.runId
    const response = await apiFetch(`/api/chat/${encodeURIComponent(chatId)}/stop`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(run ? { activeStreamId: run } : {}),
    })
    if (!response.ok) throw await problemOf(response)
  }, [chatId, answer?.metadata?.runId])
  const forget = useCallback(() => {
    setMessages([])
    setAfter(undefined)
    clearError()
  }, [setMessages, clearError])

  const state: TurnState = lost
    ? 'lost'
    : failed
      ? 'failed'
      : status === 'submitted'
        ? 'waiting'
        : status === 'streaming'
          ? 'writing'
          : 'idle'
  const problem: Problem | undefined = failed && error ? problemFrom(error) : undefined
  // A question that was refused or did not arrive; one that failed later is stored.
  const unsent = failed && last.current.brings && messages.at(-1)?.role === 'user' ? messages.at(-1) : undefined
  return {
    messages,
    after,
    state,
    problem,
    unsent,
    ask,
    edit,
    answerAgain,
    stop,
    forget,
    retry: () => last.current.again(),
  }
}

export type Turn = ReturnType<typeof useTurn>
