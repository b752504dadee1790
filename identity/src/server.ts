// HTTP in, Better Auth behind it. What comes from outside is bounded here, and told where it comes from.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Auth } from './auth.js'
import { CLIENT_HEADER, clients, type Client } from './client.js'
import type { Config } from './config.js'
import { reason, type Log } from './log.js'
import type { Outbox } from './mail/outbox.js'
import { isLoopback } from './network.js'
import { outboxPage } from './outbox-page.js'
import { withNotes } from './request.js'

/** Forms of people, and no more. */
const LARGEST_BODY = 64 * 1024

/** Said by a proxy about somebody, or about one connection: neither is for what lies behind. */
const DROPPED = /^(x-forwarded-|forwarded$|x-real-ip$|connection$|keep-alive$|transfer-encoding$|content-length$|upgrade$|te$|expect$)/

export interface Parts {
  config: Config
  auth: Auth
  /** Where mails of development are, if they are. */
  outbox: Outbox | undefined
  ready: () => boolean
  log: Log
}

export function makeServer(parts: Parts): Server {
  const clientOf = clients(parts.config.trustedProxies, parts.log)
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, maxHeaderSize: 32 * 1024 }, (request, response) => {
    answer(parts, clientOf, request)
      .catch((error: unknown) => {
        // A client that hung up is nobody's fault here, and reads no answer.
        if (request.destroyed && !request.complete) return failure(400, 'BAD_REQUEST', 'The request broke off.')
        parts.log.error('a request broke', { error: reason(error) })
        return failure(500, 'INTERNAL_ERROR', 'Something broke here. Try again in a while.')
      })
      .then((answer) => send(request, response, answer))
      .catch((error: unknown) => {
        parts.log.warn('an answer could not be sent', { error: reason(error) })
        response.destroy()
      })
  })
  // Longer than gateways keep connections that rest, so that none is closed under a request.
  server.keepAliveTimeout = 75_000
  return server
}

async function answer(parts: Parts, clientOf: (request: IncomingMessage) => Client, request: IncomingMessage): Promise<Response> {
  const { config, auth, outbox, ready } = parts
  const url = request.url?.startsWith('/') ? new URL(config.base.origin + request.url) : undefined
  if (!url) return failure(400, 'BAD_REQUEST', 'The request has no path.')
  if (url.pathname === '/livez') return new Response('alive\n')
  if (url.pathname === '/readyz') return ready() ? new Response('ready\n') : new Response('starting\n', { status: 503 })
  const { pathname: base } = config.base
  if (!url.pathname.startsWith(`${base}/`)) return failure(404, 'NOT_FOUND', 'There is nothing here.')
  if (!ready()) return unavailable('The log-in service is starting. Try again in a moment.')

  const client = clientOf(request)
  const path = url.pathname.slice(base.length)
  if (/^\/outbox(\/|$)/.test(path)) {
    if (!outbox || !isLoopback(config.base.hostname) || !isHere(client) || isOfAnotherPage(request)) return failure(404, 'NOT_FOUND', 'There is nothing here.')
    return page(await outboxPage(outbox, base, path.slice('/outbox'.length)))
  }
  const body = await read(request)
  if (body === 'too large') return failure(413, 'PAYLOAD_TOO_LARGE', `A request has at most ${LARGEST_BODY / 1024} KiB.`)
  return withNotes(async (notes) => {
    const response = await auth.handler(forwarded(request, url, client.address, body))
    if (response.status < 400) return response
    if (notes.databaseAway) return unavailable('The log-in service cannot reach its database. Try again in a moment.')
    if (response.status < 500 || response.body) return response
    return failure(500, 'INTERNAL_ERROR', 'Something broke here. Try again in a while.')
  })
}

/** Whoever asks sits at this machine, and asked for this machine: a page elsewhere may have a name that leads here. */
function isHere({ address, host }: Client): boolean {
  return address !== undefined && isLoopback(address) && isLoopback(host.replace(/:\d+$/, ''))
}

/** A page that asks, or leads here, could read along: the outbox has links that are as good as passwords. */
function isOfAnotherPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return headers.origin !== undefined || (site !== undefined && site !== 'none' && site !== 'same-origin')
}

function forwarded(request: IncomingMessage, url: URL, client: string | undefined, body: Buffer | undefined): Request {
  const headers = new Headers()
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (!DROPPED.test(name) && name !== CLIENT_HEADER) for (const value of values ?? []) headers.append(name, value)
  }
  if (client) headers.set(CLIENT_HEADER, client)
  const method = request.method ?? 'GET'
  return new Request(url, { method, headers, ...(body && method !== 'GET' && method !== 'HEAD' && { body }) })
}

async function read(request: IncomingMessage): Promise<Buffer | undefined | 'too large'> {
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) return 'too large'
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_BODY) return 'too large'
    chunks.push(chunk)
  }
  return size > 0 ? Buffer.concat(chunks) : undefined
}

async function send(request: IncomingMessage, response: ServerResponse, answer: Response): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer())
  response.statusCode = answer.status
  for (const [name, value] of answer.headers) if (name !== 'set-cookie') response.setHeader(name, value)
  const cookies = answer.headers.getSetCookie()
  if (cookies.length > 0) response.setHeader('set-cookie', cookies)
  // Better Auth says it by a name of its own only.
  const wait = answer.headers.get('x-retry-after')
  if (wait && !answer.headers.has('retry-after')) response.setHeader('retry-after', wait)
  if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  // Redirects of Better Auth say that they are JSON.
  if (body.length === 0) response.removeHeader('content-type')
  // Of a body that was too large the rest is not read.
  if (!request.complete) response.setHeader('connection', 'close')
  response.end(request.method === 'HEAD' ? undefined : body)
}

const failure = (status: number, code: string, message: string, headers: Record<string, string> = {}) =>
  Response.json({ code, message }, { status, headers })

const unavailable = (message: string) => failure(503, 'UNAVAILABLE', message, { 'retry-after': '2' })

const page = ({ status, html }: { status: number; html: string }) =>
  new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
      'referrer-policy': 'no-referrer',
    },
  })
