import { Problem, problemOf, SignedOut, Unreachable } from './problem'

/** What the API accepts for a while, kept in memory only. */
interface Token {
  text: string
  renewAt: number
  endsAt: number
}

export interface TokensOptions {
  fetch?: typeof fetch
  /** Milliseconds of a clock that only goes on, so that a computer whose clock is wrong is no trouble. */
  now?: () => number
  /** Told when identity does not answer but the token still holds, and again when it answers. */
  onStale?: (stale: boolean) => void
  onSignedOut?: () => void
}

const renewBeforeEnd = 60_000

/** Gets tokens from identity: one request in flight, a token used until shortly before its end. */
export class Tokens {
  readonly #fetch: typeof fetch
  readonly #now: () => number
  readonly #options: TokensOptions
  #token: Token | undefined
  #refresh: Promise<Token> | undefined
  #generation = 0

  constructor(options: TokensOptions = {}) {
    this.#options = options
    this.#fetch = options.fetch ?? ((...request) => fetch(...request))
    this.#now = options.now ?? (() => performance.now())
  }

  /** A token that is good now. Throws `SignedOut`, `Unreachable` or `Problem`. */
  async get(): Promise<string> {
    const token = this.#token
    const now = this.#now()
    if (token && now < token.renewAt) return token.text
    if (token && now < token.endsAt) return this.#renewOr(token)
    return (await this.#fresh()).text
  }

  /** The API refused this token: it is not used again. */
  refused(text: string) {
    if (this.#token?.text === text) this.#token = undefined
  }

  /** Somebody else signed in, or nobody is. */
  forget() {
    this.#token = undefined
    this.#refresh = undefined
    this.#generation++
  }

  async #renewOr(token: Token): Promise<string> {
    try {
      return (await this.#fresh()).text
    } catch (error) {
      if (error instanceof SignedOut) throw error
      this.#options.onStale?.(true)
      return token.text
    }
  }

  #fresh(): Promise<Token> {
    if (this.#refresh) return this.#refresh
    const generation = this.#generation
    const refresh = this.#ask()
      .then((token) => {
        if (generation === this.#generation) this.#token = token
        this.#options.onStale?.(false)
        return token
      })
      .catch((error) => {
        if (error instanceof SignedOut && generation === this.#generation) {
          this.#token = undefined
          this.#options.onSignedOut?.()
        }
        throw error
      })
      .finally(() => {
        if (this.#refresh === refresh) this.#refresh = undefined
      })
    this.#refresh = refresh
    return refresh
  }

  async #ask(): Promise<Token> {
    const began = this.#now()
    const response = await this.#fetch('/api/auth/token', { headers: { accept: 'application/json' } }).catch(() => {
      throw new Unreachable()
    })
    if (response.status === 401) throw new SignedOut()
    if (!response.ok) throw await problemOf(response)
    const { token } = (await response.json().catch(() => ({}))) as { token?: string }
    const lifetime = token && lifetimeOf(token)
    if (!token || !lifetime) throw new Problem(502, { code: 'token_unreadable' })
    return { text: token, renewAt: began + Math.max(lifetime - renewBeforeEnd, lifetime / 2), endsAt: began + lifetime }
  }
}

/** How long a new token holds, by its own times; the clock of this computer does not matter. */
function lifetimeOf(token: string): number | undefined {
  try {
    const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''
    const { exp, iat } = JSON.parse(atob(payload)) as { exp?: number; iat?: number }
    const seconds = exp === undefined ? 0 : exp - (iat ?? Math.floor(Date.now() / 1000))
    return seconds > 0 ? seconds * 1000 : undefined
  } catch {
    return
  }
}

/** `fetch` with the user's token; a token that is refused is renewed and the request sent once more. */
export function authorized(tokens: Tokens, send: typeof fetch = (...request) => fetch(...request)): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const again = request.clone()
    const token = await tokens.get()
    const response = await sent(send, request, token)
    if (response.status !== 401) return response
    tokens.refused(token)
    return sent(send, again, await tokens.get())
  }
}

async function sent(send: typeof fetch, request: Request, token: string): Promise<Response> {
  request.headers.set('authorization', `Bearer ${token}`)
  try {
    return await send(request)
  } catch (error) {
    if (request.signal.aborted) throw error
    throw new Unreachable()
  }
}
