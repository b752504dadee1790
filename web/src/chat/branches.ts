import { api, body, type Message } from '../api/client'
import type { pathOf } from './path'

/** Shows the version of a message before or after this one, with what was said below it last. */
export async function showSibling(at: ReturnType<typeof pathOf>, message: Message, step: 1 | -1) {
  const { items } = await body(api.GET('/messages/{id}/siblings', { params: { path: { id: message.id } } }))
  const leaf = items[items.findIndex((sibling) => sibling.message_id === message.id) + step]?.leaf_id
  if (!leaf) return
  await at.show(leaf)
  await at.end()
}
