// The conversations of the sidebar: pages of the list, and what changes them without asking for them all again.
import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, body, type Conversation, type Rating } from '../api/client'
import { problemFrom } from '../session/problem'
import { toast } from '../ui/toasts'

export interface Filters {
  archived?: boolean
  pinned?: boolean
  has_sources?: boolean
  feedback?: Rating
}

interface Page {
  items: Conversation[]
  next_cursor?: string | null
}

type Pages = InfiniteData<Page, string | undefined>

export const listQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ['conversations', filters],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const query = { limit: 40, ...filters, ...(pageParam && { cursor: pageParam }) }
      return body(api.GET('/conversations', { params: { query }, signal })) as Promise<Page>
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchOnWindowFocus: true,
  })

/** Pages without a conversation that a later page repeats because it moved meanwhile. */
export function conversationsOf(pages: readonly Page[]): Conversation[] {
  const seen = new Map<string, Conversation>()
  for (const page of pages) for (const item of page.items) if (!seen.has(item.id)) seen.set(item.id, item)
  return [...seen.values()]
}

function changed(pages: Pages | undefined, change: (items: Conversation[]) => Conversation[]): Pages | undefined {
  return pages && { ...pages, pages: pages.pages.map((page) => ({ ...page, items: change(page.items) })) }
}

/** Puts a conversation where its last change places it: behind the pinned ones, or first among them. */
export function placed(items: readonly Conversation[], moved: Conversation): Conversation[] {
  const others = items.filter((item) => item.id !== moved.id)
  const at = moved.pinned ? 0 : others.findIndex((item) => !item.pinned)
  return at < 0 ? [...others, moved] : [...others.slice(0, at), moved, ...others.slice(at)]
}

/** What is known of the list, changed in place. */
function listed(client: QueryClient) {
  const all = { queryKey: ['conversations'] }
  const each = (change: (items: Conversation[]) => Conversation[]) =>
    client.setQueriesData<Pages>(all, (pages) => changed(pages, change))
  return {
    change(id: string, patch: Partial<Conversation>) {
      each((items) => items.map((item) => (item.id === id ? { ...item, ...patch } : item)))
      client.setQueryData<Conversation>(['conversation', id], (known) => known && { ...known, ...patch })
    },
    take(id: string) {
      each((items) => items.filter((item) => item.id !== id))
    },
    /** Reads a conversation again and puts it in front. */
    async refresh(id: string) {
      const answer = await body(api.GET('/conversations/{id}', { params: { path: { id } } })).catch(() => undefined)
      if (!answer) return
      const { messages: _, ...conversation } = answer
      client.setQueryData(['conversation', id], conversation)
      client.setQueryData<Pages>(['conversations', {}], (pages) => {
        const [first, ...rest] = pages?.pages ?? []
        if (!pages || !first) return pages
        const without = rest.map((page) => ({ ...page, items: page.items.filter((item) => item.id !== id) }))
        const items = conversation.archived ? first.items : placed(first.items, conversation)
        return { ...pages, pages: [{ ...first, items }, ...without] }
      })
    },
    stale: () => client.invalidateQueries(all),
  }
}

export function useListed() {
  const client = useQueryClient()
  return useMemo(() => listed(client), [client])
}

export interface Change {
  id: string
  patch: Partial<Pick<Conversation, 'title' | 'pinned' | 'archived'>>
}

/** Changes a conversation: seen at once, taken back when it is refused. */
export function useChange() {
  const client = useQueryClient()
  const list = useListed()
  return useMutation({
    mutationFn: ({ id, patch }: Change) =>
      body(api.PATCH('/conversations/{id}', { params: { path: { id } }, body: patch })),
    onMutate: ({ id, patch }) => {
      list.change(id, patch)
      if (patch.archived !== undefined) list.take(id)
    },
    onError: (error, { id }) => {
      toast(problemFrom(error).message)
      return client.invalidateQueries({ queryKey: ['conversation', id] })
    },
    onSettled: () => list.stale(),
  })
}
