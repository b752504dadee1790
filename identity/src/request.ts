// What is remembered about one request while it is answered.
import { AsyncLocalStorage } from 'node:async_hooks'

interface Notes {
  /** The database could not be asked: whatever the answer says, it is not known. */
  databaseAway: boolean
}

const notes = new AsyncLocalStorage<Notes>()

export const withNotes = <Answer>(answer: (notes: Notes) => Answer): Answer => {
  const fresh: Notes = { databaseAway: false }
  return notes.run(fresh, () => answer(fresh))
}

/** Better Auth answers some errors with an empty body, and some as if nobody were logged in. */
export function noteError(error: unknown): void {
  const current = notes.getStore()
  if (current && databaseIsAway(error)) current.databaseAway = true
}

const AWAY = /^(ECONN\w+|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|08\w{3}|57P0[123]|53300)$/
const AWAY_IN_WORDS = /timeout exceeded when trying to connect|connection terminated|query read timeout/i

function databaseIsAway(error: unknown): boolean {
  for (let cause = error, depth = 0; cause && depth < 5; cause = (cause as { cause?: unknown }).cause, depth += 1) {
    const { code, message } = cause as { code?: unknown; message?: unknown }
    if (AWAY.test(String(code)) || AWAY_IN_WORDS.test(String(message))) return true
  }
  return false
}
