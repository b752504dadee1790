// The tables of Better Auth, in a schema of their own.
import type { BetterAuthOptions } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { PostgresDialect } from 'kysely'
import pg from 'pg'
import { reason, type Log } from './log.js'

const SCHEMA = 'identity'
/** Any number, as long as nobody else takes it: "coid" in ASCII. */
const LOCK = 0x636f6964

export function connect(url: string, log: Log): pg.Pool {
  // No connection is kept idle for long: a database that sleeps is not to be woken.
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'colloquy-identity',
    max: 8,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 15_000,
    query_timeout: 15_000,
  })
  pool.on('error', (error) => log.warn('a connection to the database was lost', { error: reason(error) }))
  return pool
}

export function tables(pool: pg.Pool) {
  return { dialect: new PostgresDialect({ pool }), type: 'postgres', schemaName: SCHEMA, transaction: true } as const
}

/** Brings the schema up to date, whole or not at all. */
export async function migrate(pool: pg.Pool, options: BetterAuthOptions): Promise<void> {
  await exclusively(pool, async (client) => {
    const { compileMigrations, unsafeChanges } = await getMigrations(options)
    if (unsafeChanges.length > 0) throw new Error(`the tables cannot be brought up to date by themselves: ${unsafeChanges.join('; ')}`)
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [SCHEMA])
    const statements = await compileMigrations()
    // Even when it is there, making it would need rights on the whole database.
    await client.query(rowCount ? statements.replace(/create schema if not exists "\w+";/i, '') : statements)
  })
}

/** Several servers may start at once: the others wait. */
export async function exclusively(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await work(client)
    await client.query('COMMIT')
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}
