import type { components } from '../api/schema'
import { strings } from '../strings'

export type ProblemBody = components['schemas']['Problem']

/** A request that was refused or not answered, with a sentence for a person. `code` is what programs look at. */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly body: Partial<ProblemBody>

  constructor(status: number, body: Partial<ProblemBody> = {}) {
    super(sentence(status, body))
    this.name = 'Problem'
    this.status = status
    this.code = body.code ?? 'unknown'
    this.body = body
  }
}

/** No answer at all: no connection, or nobody at the other end. */
export class Unreachable extends Problem {
  constructor() {
    super(0, { code: navigator.onLine ? 'unreachable' : 'offline' })
  }
}

/** Nobody is signed in. */
export class SignedOut extends Problem {
  constructor() {
    super(401, { code: 'signed_out' })
  }
}

function sentence(status: number, { code, detail }: Partial<ProblemBody>): string {
  const say = strings.common.problem
  if (code === 'signed_out') return strings.common.session.ended
  if (code === 'offline') return say.offline
  if (status === 0) return say.unreachable
  // A token that was made a moment ago: identity's clock and the service's disagree.
  if (status === 401)
    return /^token_(expired|not_yet_valid)$/.test(code ?? '') ? say.clock : strings.common.session.ended
  if (status === 404) return say.gone
  if (status === 429) return say.busy
  if (status >= 500 && !code?.startsWith('agent_')) return say.unavailable
  return detail || say.unknown
}

/** The problem that a refused response tells of. */
export async function problemOf(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}))
  return new Problem(response.status, body)
}

export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof TypeError) return new Unreachable()
  return new Problem(-1, { detail: error instanceof Error ? error.message : '' })
}
