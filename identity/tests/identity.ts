// The server as it is shipped, in a process and with a database of its own, and a browser's part of the conversation.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'

export const PASSWORD = 'correct horse battery staple'
export const SECRET = 'a-secret-for-tests-with-enough-entropy'

type Variables = Record<string, string | undefined>

export interface Mail {
  kind: string
  to: string
  subject: string
  text: string
  html: string
  /** The first address in it. */
  link: string
}

/** A fresh database; `url` is that of a role that owns nothing but it. */
export async function database(): Promise<{ url: string; query: (sql: string) => Promise<pg.QueryResult> }> {
  const superuser = inject('superuser')
  const name = `t${randomBytes(6).toString('hex')}`
  await run(superuser, `CREATE ROLE ${name} LOGIN`)
  await run(superuser, `CREATE DATABASE ${name} OWNER ${name}`)
  const as = (user: string) => superuser.replace('//postgres@', `//${user}@`).replace(/\/postgres$/, `/${name}`)
  return { url: as(name), query: (sql) => run(as('postgres'), sql) }
}

async function run(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The program with these variables and no others. */
export function program(variables: Variables, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['dist/main.js', ...args], { env: { PATH: process.env.PATH, ...variables }, stdio: ['pipe', 'ignore', 'pipe'] })
}

export async function ended(child: ChildProcess): Promise<{ status: number | null; log: string }> {
  let log = ''
  child.stderr!.on('data', (chunk) => (log += chunk))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, log }
}

export class Identity {
  log = ''
  origin = ''

  private constructor(
    readonly base: string,
    readonly outbox: string,
    readonly child: ChildProcess,
    readonly query: (sql: string) => Promise<pg.QueryResult>,
  ) {}

  /** Ends with the test. */
  static async start(variables: Variables = {}, over?: Awaited<ReturnType<typeof database>>): Promise<Identity> {
    const { url, query } = over ?? (await database())
    const outbox = mkdtempSync(join(tmpdir(), 'colloquy-outbox-'))
    const base = variables.BETTER_AUTH_URL ?? 'http://localhost:8080/api/auth'
    const child = program({
      IDENTITY_LISTEN: '127.0.0.1:0',
      IDENTITY_DATABASE_URL: url,
      BETTER_AUTH_URL: base,
      BETTER_AUTH_SECRET: SECRET,
      ...(!variables.SMTP_URL && { MAIL_OUTBOX: outbox }),
      ...variables,
    })
    const identity = new Identity(base, outbox, child, query)
    onTestFinished(async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const closed = new Promise((resolve) => child.once('close', resolve))
        child.kill('SIGKILL')
        await closed
      }
      rmSync(outbox, { recursive: true })
    })
    child.stderr!.on('data', (chunk) => (identity.log += chunk))
    const address = await until(() => {
      if (child.exitCode !== null) throw new Error(`it did not start:\n${identity.log}`)
      return /ready address="(.*)"/.exec(identity.log)?.[1]
    })
    identity.origin = address
    return identity
  }

  browser(address?: string): Browser {
    return new Browser(this, address)
  }

  /** The newest mail of this kind to this address, when it has come. */
  async mail(kind: string, to: string): Promise<Mail> {
    return until(() => this.mails().findLast((mail) => mail.kind === kind && mail.to === to))
  }

  mails(): Mail[] {
    const names = readdirSync(this.outbox).filter((file) => /^\d.*\.txt$/.test(file)).sort()
    return names.map((file) => {
      const text = readFileSync(join(this.outbox, file), 'utf8')
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''
      const kind = /-\d+-([a-z-]+)\.txt$/.exec(file)![1]!
      const html = readFileSync(join(this.outbox, file.replace('.txt', '.html')), 'utf8')
      return { kind, to: field('To'), subject: field('Subject'), text, html, link: /https?:\/\/\S+/.exec(text)?.[0] ?? '' }
    })
  }
}

interface Answer {
  status: number
  headers: Headers
  // eslint-disable-next-line
  json: any
  text: string
}

/** Speaks as a browser does through the gateway: with cookies, an origin, and an address. */
export class Browser {
  readonly cookies = new Map<string, string>()

  constructor(
    private readonly identity: Identity,
    readonly address = `192.0.2.${1 + Math.floor(Math.random() * 250)}`,
  ) {}

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers)
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, headers)
  }

  /** Follows a link of a mail, to the server itself and no further. */
  follow(link: string): Promise<Answer> {
    if (!link.startsWith(`${this.identity.base}/`)) throw new Error(`a link to somewhere else: ${link}`)
    return this.get(link.slice(this.identity.base.length), { origin: '' })
  }

  signUp(name: string, more: object = {}): Promise<Answer> {
    return this.post('/sign-up/email', { name, email: `${name}@example.com`, password: PASSWORD, ...more })
  }

  logIn(name: string, password = PASSWORD): Promise<Answer> {
    return this.post('/sign-in/email', { email: `${name}@example.com`, password })
  }

  async jwt(): Promise<string> {
    return (await this.get('/token')).json.token
  }

  private async send(method: string, path: string, body: unknown, more: Record<string, string>): Promise<Answer> {
    const { base, origin } = this.identity
    const headers = new Headers({ 'x-forwarded-for': this.address, origin: new URL(base).origin, ...more })
    for (const [name, value] of Object.entries(more)) if (value === '') headers.delete(name)
    if (this.cookies.size > 0) headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
    const response = await fetch(origin + new URL(base).pathname + path, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      if (/max-age=0/i.test(cookie)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
    const text = await response.text()
    const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, json, text }
  }
}

export async function until<Value>(look: () => Value | undefined): Promise<Value> {
  for (const deadline = Date.now() + 20_000; ; ) {
    const value = look()
    if (value !== undefined) return value
    if (Date.now() > deadline) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
