// The part of a conversation's shown path that is loaded: messages in order, and how to get at what is before and after.
import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, body, type Conversation, type Message } from '../api/client'

export interface Path {
  items: readonly Message[]
  older: string | null
  newer: string | null
}

interface Page {
  items: Message[]
  next_cursor?: string | null
  prev_cursor?: string | null
}

const pageSize = 50

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ['conversation', id],
    queryFn: async ({ signal, client }): Promise<Conversation> => {
      const answer = await body(api.GET('/conversations/{id}', { params: { path: { id } }, signal }))
      const { messages, ...conversation } = answer
      const loaded = client.getQueryData<Path>(['path', id])
      if (!loaded?.newer) client.setQueryData(['path', id], merged(loaded, messages))
      return conversation
    },
    staleTime: 5_000,
  })

/** Filled by the conversation; itself it is only asked for where somebody jumps into the middle. */
export const pathQuery = (id: string) =>
  queryOptions({
    queryKey: ['path', id],
    queryFn: async ({ signal }): Promise<Path> => merged(undefined, await page(id, { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  })

interface PageOptions {
  cursor?: string
  from?: string
  leaf?: string
  signal?: AbortSignal
}

function page(id: string, { signal, ...query }: PageOptions): Promise<Page> {
  const params = { path: { id }, query: { limit: pageSize, ...query } }
  return body(api.GET('/conversations/{id}/messages', { params, signal })) as Promise<Page>
}

/** Puts the newest page behind what is loaded; what they do not share is another branch, and goes. */
export function merged(loaded: Path | undefined, newest: Page): Path {
  const first = newest.items[0]
  const end = { older: newest.next_cursor ?? null, newer: newest.prev_cursor ?? null }
  if (!loaded || !first) return { items: newest.items, ...end }
  const shared = loaded.items.findIndex((item) => item.id === first.id)
  const parent = loaded.items.findIndex((item) => item.id === first.parent_id)
  const keep = shared >= 0 ? shared : parent + 1
  if (keep === 0) return { items: newest.items, ...end }
  return { items: [...loaded.items.slice(0, keep), ...newest.items], older: loaded.older, newer: end.newer }
}

export function withOlder(loaded: Path, page: Page): Path {
  const known = new Set(loaded.items.map((item) => item.id))
  const items = [...page.items.filter((item) => !known.has(item.id)), ...loaded.items]
  return { items, older: page.next_cursor ?? null, newer: loaded.newer }
}

export function withNewer(loaded: Path, page: Page): Path {
  const known = new Set(loaded.items.map((item) => item.id))
  const items = [...loaded.items, ...page.items.filter((item) => !known.has(item.id))]
  return { items, older: loaded.older, newer: page.prev_cursor ?? null }
}

/** What changes what is loaded of a conversation. */
export function pathOf(client: QueryClient, id: string) {
  const key = ['path', id]
  const loaded = () => client.getQueryData<Path>(key)
  const set = (change: (path: Path) => Path) =>
    client.setQueryData<Path>(key, (path) => (path ? change(path) : undefined))
  return {
    loaded,
    async older() {
      const cursor = loaded()?.older
      if (!cursor) return
      const got = await page(id, { cursor })
      set((path) => (path.older === cursor ? withOlder(path, got) : path))
    },
    async newer() {
      const cursor = loaded()?.newer
      if (!cursor) return
      const got = await page(id, { cursor })
      set((path) => (path.newer === cursor ? withNewer(path, got) : path))
    },
    /** Brings the newest page, after a turn or when somebody asks for the end. */
    async end() {
      const got = await page(id, {})
      client.setQueryData<Path>(key, (path) => merged(path?.newer ? undefined : path, got))
    },
    /** Shows the path to a leaf from now on, here and on other devices. */
    async show(leaf: string) {
      const params = { path: { id } }
      const conversation = await body(api.PATCH('/conversations/{id}', { params, body: { active_leaf_id: leaf } }))
      client.setQueryData(['conversation', id], conversation)
    },
    /** Loads the surroundings of a message of the shown path. */
    async around(message: string) {
      if (loaded()?.items.some((item) => item.id === message)) return
      const until = merged(undefined, await page(id, { from: message }))
      const behind = until.newer ? withNewer(until, await page(id, { cursor: until.newer })) : until
      client.setQueryData<Path>(key, behind)
    },
    change(message: string, change: Partial<Message>) {
      set((path) => ({
        ...path,
        items: path.items.map((item) => (item.id === message ? { ...item, ...change } : item)),
      }))
    },
  }
}
