import createClient from 'openapi-fetch'
import { problemOf } from '../session/problem'
import { apiFetch } from '../session/session'
import type { components, paths } from './schema'

type Schemas = components['schemas']
export type Conversation = Schemas['Conversation']
export type Message = Schemas['Message']
export type Source = Schemas['Source']
export type SearchHit = Schemas['SearchHit']
export type Rating = Schemas['Rating']
export type User = Schemas['User']

/** The gateway's API, with the types of its own description. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request: Request) => apiFetch(request),
})

api.use({
  onResponse: async ({ response }) => {
    if (!response.ok) throw await problemOf(response)
  },
})

/** The body of an answer that was good; the others have been thrown. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T
}
