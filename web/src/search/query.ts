import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'
import { api, body, type SearchHit } from '../api/client'

export type When = 'anytime' | 'day' | 'week' | 'month' | 'year'

export interface SearchFilters {
  who: 'anyone' | 'user' | 'assistant'
  when: When
  sources: boolean
}

export const anything: SearchFilters = { who: 'anyone', when: 'anytime', sources: false }

interface Page {
  items: SearchHit[]
  next_cursor?: string | null
}

const days: Record<When, number | undefined> = { anytime: undefined, day: 1, week: 7, month: 31, year: 366 }

/** The beginning of the first day that counts, so that the same search has the same key the whole day. */
export function since(when: When, now: Date): string | undefined {
  const back = days[when]
  if (back === undefined) return
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - back).toISOString()
}

export function searchQuery(q: string, { who, when, sources }: SearchFilters) {
  const from = since(when, new Date())
  const filters = {
    ...(who !== 'anyone' && { role: who }),
    ...(from && { from }),
    ...(sources && { has_sources: true }),
  }
  return infiniteQueryOptions({
    queryKey: ['search', q, filters],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const query = { q, limit: 20, ...filters, ...(pageParam && { cursor: pageParam }) }
      return body(api.GET('/search', { params: { query }, signal })) as Promise<Page>
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    enabled: q !== '',
    placeholderData: keepPreviousData,
  })
}

/** Where a hit leads: the conversation, the message, and the branch that it is on if another is shown. */
export function hrefOf({ conversation_id, message_id, leaf_id, on_active_path }: SearchHit): string {
  if (!message_id) return `/chat/${conversation_id}`
  const query = new URLSearchParams({ m: message_id, ...(!on_active_path && leaf_id && { leaf: leaf_id }) })
  return `/chat/${conversation_id}?${query}`
}
