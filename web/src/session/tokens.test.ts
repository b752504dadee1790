import { describe, expect, it, vi } from 'vitest'
import { SignedOut, Unreachable } from './problem'
import { authorized, Tokens } from './tokens'

const minutes = 60_000

// A token that holds for 15 minutes, made by a clock that is ten years away from ours.
function jwt(name: string, lifetime = 900) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'EdDSA' })}.${part({ sub: name, iat: 1_000, exp: 1_000 + lifetime })}.signature`
}

const good = (token: string) => Response.json({ token })

function clocked(answers: (() => Response | Promise<Response>)[]) {
  const clock = { now: 0 }
  const asked = vi.fn(async () => {
    const answer = answers.shift()
    if (!answer) throw new TypeError('nobody answers')
    return answer()
  })
  const heard = { stale: [] as boolean[], signedOut: 0 }
  const tokens = new Tokens({
    fetch: asked,
    now: () => clock.now,
    onStale: (stale) => heard.stale.push(stale),
    onSignedOut: () => heard.signedOut++,
  })
  return { clock, asked, heard, tokens }
}

describe('tokens', () => {
  it('asks once for many, and again only shortly before the end', async () => {
    const { clock, asked, tokens } = clocked([() => good(jwt('a')), () => good(jwt('b'))])
    expect(await Promise.all([tokens.get(), tokens.get(), tokens.get()])).toEqual([jwt('a'), jwt('a'), jwt('a')])
    clock.now = 13 * minutes
    expect(await tokens.get()).toBe(jwt('a'))
    clock.now = 14 * minutes + 1
    expect(await tokens.get()).toBe(jwt('b'))
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('goes on with a token that still holds while identity is gone, and says so', async () => {
    const { clock, heard, tokens } = clocked([() => good(jwt('a')), () => new Response('', { status: 503 })])
    await tokens.get()
    clock.now = 14.5 * minutes
    expect(await tokens.get()).toBe(jwt('a'))
    expect(heard.stale).toEqual([false, true])
    clock.now = 15 * minutes
    await expect(tokens.get()).rejects.toBeInstanceOf(Unreachable)
  })

  it('knows a session that has ended', async () => {
    const { clock, heard, tokens } = clocked([() => good(jwt('a')), () => new Response('', { status: 401 })])
    await tokens.get()
    clock.now = 14.5 * minutes
    await expect(tokens.get()).rejects.toBeInstanceOf(SignedOut)
    expect(heard.signedOut).toBe(1)
  })

  it('does not keep a token that was asked for before somebody else signed in', async () => {
    let release = (_: Response) => {}
    const slow = new Promise<Response>((resolve) => {
      release = resolve
    })
    const { tokens } = clocked([() => slow, () => good(jwt('b'))])
    const first = tokens.get()
    tokens.forget()
    release(good(jwt('a')))
    await first
    expect(await tokens.get()).toBe(jwt('b'))
  })
})

describe('a request', () => {
  it('is sent once more with a new token when the first is refused, body and all', async () => {
    const { tokens, asked } = clocked([() => good(jwt('a')), () => good(jwt('b'))])
    const seen: string[] = []
    const send = authorized(tokens, async (input) => {
      const request = input as Request
      seen.push(`${request.headers.get('authorization')} ${await request.text()}`)
      return new Response('', { status: seen.length === 1 ? 401 : 200 })
    })
    const response = await send('http://app.test/conversations', { method: 'POST', body: 'words' })
    expect(response.status).toBe(200)
    expect(seen).toEqual([`Bearer ${jwt('a')} words`, `Bearer ${jwt('b')} words`])
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('is not sent a third time', async () => {
    const { tokens } = clocked([() => good(jwt('a')), () => good(jwt('b')), () => good(jwt('c'))])
    const send = vi.fn(async () => new Response('', { status: 401 }))
    expect((await authorized(tokens, send)('http://app.test/x')).status).toBe(401)
    expect(send).toHaveBeenCalledTimes(2)
  })

  it('shares one refresh with all that were refused together', async () => {
    const { tokens, asked } = clocked([() => good(jwt('a')), () => good(jwt('b'))])
    const send = authorized(tokens, async (input) => {
      const old = (input as Request).headers.get('authorization') === `Bearer ${jwt('a')}`
      return new Response('', { status: old ? 401 : 200 })
    })
    const answers = await Promise.all([1, 2, 3].map((n) => send(`http://app.test/${n}`)))
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200])
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('says in words that nobody answers', async () => {
    const { tokens } = clocked([() => good(jwt('a'))])
    const send = authorized(tokens, () => Promise.reject(new TypeError('failed')))
    await expect(send('http://app.test/x')).rejects.toBeInstanceOf(Unreachable)
  })
})
