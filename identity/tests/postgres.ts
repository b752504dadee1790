// A PostgreSQL for all tests of a run, which ends with it, however that one ends.
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { freePort } from './port.js'

declare module 'vitest' {
  interface ProvidedContext {
    superuser: string
  }
}

export default async function start(project: TestProject): Promise<() => Promise<void>> {
  const bin = binaries()
  const folder = mkdtempSync(join(tmpdir(), 'colloquy-identity-'))
  const user = unprivileged()
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], { ...user, cwd: '/' })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=`, 'fsync=off', 'log_min_messages=fatal', 'log_min_error_statement=panic']
  // The shell ends the server when its standard input ends.
  const script = '"$@" </dev/null & server=$!; read -r _; kill -INT $server; wait $server'
  const server = spawn('/bin/sh', ['-c', script, 'sh', join(bin, 'postgres'), '-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])], {
    ...user,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await answering(url)
  project.provide('superuser', url)
  return async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.stdin!.end()
    await ended
    rmSync(folder, { recursive: true })
  }
}

function binaries(): string {
  const installed = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`) : []
  const folders = [process.env.PG_BIN ?? '', ...(process.env.PATH ?? '').split(':'), ...installed.sort().reverse()]
  const found = folders.find((folder) => folder && existsSync(join(folder, 'initdb')))
  if (!found) throw new Error('these tests run a real PostgreSQL: install one, or say in PG_BIN where initdb is')
  return found
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => /^(postgres|nobody):/.test(line))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

async function answering(url: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; ) {
    const client = new pg.Client(url)
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
