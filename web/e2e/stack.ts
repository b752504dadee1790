// The real stack: `colloquy up` with a directory of its own, identity, the built app, and a provider for log-in by others.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../identity/tests/port.js'
import { CLIENT, openProvider, type Person } from '../../identity/tests/provider.js'

const root = join(import.meta.dirname, '../..')
const parts = ['gateway-admin', 'auth', 'auth-admin', 'history', 'history-admin', 'demo-agent']

export interface Stack {
  origin: string
  /** The link in the newest mail of this kind, when it has come. */
  mail: (kind: string, to: string) => Promise<string>
  stop: () => Promise<void>
}

/** `person` is who logs in at the provider. */
export async function startStack(person: Person, variables: Record<string, string> = {}): Promise<Stack> {
  const program = process.env.COLLOQUY_BIN ?? join(root, 'target/debug/colloquy')
  if (!existsSync(program))
    throw new Error(`${program} is missing: run cargo build -p colloquy, or name it in COLLOQUY_BIN`)
  const directory = mkdtempSync(join(tmpdir(), 'colloquy-walk-'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const provider = await openProvider(`${origin}/api/auth/callback/oidc`, () => person)
  await provider.open()
  const listen = parts.map((part) => `--${part}-listen=127.0.0.1:0`)
  const stack = spawn(
    program,
    ['up', `--data-dir=${directory}`, `--gateway-listen=127.0.0.1:${port}`, '--demo-agent-pace=120ms', ...listen],
    {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        IDENTITY_ATTEMPTS_PER_MINUTE: '0',
        OIDC_LOGIN_ISSUER: provider.issuer,
        OIDC_LOGIN_CLIENT_ID: CLIENT.id,
        OIDC_LOGIN_CLIENT_SECRET: CLIENT.secret,
        OIDC_LOGIN_NAME: 'Example Works',
        ...variables,
        ...(process.env.WEB_ROOT && { WEB_ROOT: process.env.WEB_ROOT }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const stop = async () => {
    await ended(stack)
    provider.close()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await screen(stack)
  } catch (error) {
    await stop()
    throw error
  }
  return { origin, mail: (kind, to) => newest(join(directory, 'outbox'), kind, to), stop }
}

/** Its screen is written when everything answers. */
async function screen(stack: ChildProcess): Promise<void> {
  let said = ''
  stack.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-8_000)
  })
  if (!stack.stdout) return
  const lines = createInterface({ input: stack.stdout })
  for await (const line of lines) {
    if (!line.includes('gateway   http')) continue
    // It goes on writing, and must not stand still because nobody reads.
    stack.stdout.resume()
    return
  }
  throw new Error(`the stack did not start:\n${said}`)
}

async function ended(stack: ChildProcess): Promise<void> {
  if (stack.exitCode !== null || stack.signalCode !== null) return
  const exit = new Promise((resolve) => stack.once('exit', resolve))
  stack.kill('SIGTERM')
  await exit
}

async function newest(outbox: string, kind: string, to: string): Promise<string> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const files = existsSync(outbox) ? readdirSync(outbox).filter((file) => file.endsWith(`-${kind}.txt`)) : []
    for (const file of files.sort().reverse()) {
      const text = readFileSync(join(outbox, file), 'utf8')
      const link = /https?:\/\/\S+/.exec(text)?.[0]
      if (link && text.includes(`\nTo: ${to}\n`)) return link
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`no mail ${kind} came for ${to}`)
}
