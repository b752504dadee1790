// What is remembered about one request while it is answered.
import { AsyncLocalStorage } from 'node:async_hooks'

interface Notes {
  error?: unknown
}

const notes = new AsyncLocalStorage<Notes>()

export const withNotes = <Answer>(answer: (notes: Notes) => Answer): Answer => {
  const fresh: Notes = {}
  return notes.run(fresh, () => answer(fresh))
}

/** Better Auth answers errors with an empty body; this is why. */
export function noteError(error: unknown): void {
  const current = notes.getStore()
  if (current) current.error = error
}

const AWAY = /^(ECONN\w+|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|08\w{3}|57P0[123]|53300)$/
const AWAY_IN_WORDS = /timeout exceeded when trying to connect|connection terminated|query read timeout/i

/** Whether the database could not be asked. */
export function databaseIsAway(error: unknown): boolean {
  for (let cause = error, depth = 0; cause && depth < 5; cause = (cause as { cause?: unknown }).cause, depth += 1) {
    const { code, message } = cause as { code?: unknown; message?: unknown }
    if (AWAY.test(String(code)) || AWAY_IN_WORDS.test(String(message))) return true
  }
  return false
}
