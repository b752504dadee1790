// `node dist/main.js`: serves until it is told to stop. `--migrate` brings the tables up to date and ends.
import { once } from 'node:events'
import { makeAuth } from './auth.js'
import { ConfigError, readConfig, type Config } from './config.js'
import { connect, exclusively, migrate } from './database.js'
import { prepareKeys } from './keys.js'
import { logTo, reason, type Log } from './log.js'
import { Outbox } from './mail/outbox.js'
import { Post } from './mail/post.js'
import { smtp } from './mail/smtp.js'
import { makeServer } from './server.js'

const WRONG_CONFIGURATION = 64
/** What is being answered, and mails that are being sent, get this long when the server stops. */
const GRACE = 10_000

async function main(config: Config, log: Log, migrateOnly: boolean): Promise<void> {
  const pool = connect(config.databaseUrl, log)
  const outbox = config.mails.kind === 'outbox' ? new Outbox(config.mails.folder, config.mailFrom) : undefined
  const way = config.mails.kind === 'smtp' ? smtp(config.mails.url, config.mailFrom) : undefined
  const post = new Post((letter) => (way ?? outbox!).deliver(letter), log)
  const auth = makeAuth(config, pool, post, log)

  const prepare = async () => {
    await migrate(pool, auth.options)
    await exclusively(pool, () => prepareKeys(auth))
  }
  if (migrateOnly) {
    await prepare()
    await pool.end()
    return log.info('the tables are up to date')
  }

  // It listens first: whoever starts it knows that the port is its own, and /readyz says when it may be asked.
  let ready = false
  const server = makeServer({ config, auth, outbox, ready: () => ready, log })
  server.listen(config.listen)
  await once(server, 'listening')
  const stopped = stop(config)
  void stopped.then((because) => {
    // Nothing is being answered yet, and what PostgreSQL was doing it takes back.
    if (!ready) log.info('stopping', { because })
    setTimeout(() => process.exit(0), ready ? GRACE : 0)
  })
  await outbox?.open()
  await prepare()
  ready = true
  log.info('ready', { address: address(server.address()) })

  log.info('stopping', { because: await stopped })
  server.close()
  server.closeIdleConnections()
  await once(server, 'close')
  await post.drain()
  way?.close()
  await pool.end()
  process.exit(0)
}

/** A signal, or the end of whoever started this. A second signal ends it at once. */
function stop({ owned }: Config): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
    if (owned) process.stdin.once('end', () => resolve('its owner ended')).once('error', () => resolve('its owner ended')).resume()
  })
}

function address(bound: ReturnType<ReturnType<typeof makeServer>['address']>): string {
  if (bound === null || typeof bound === 'string') return bound ?? 'a socket'
  return bound.family === 'IPv6' ? `http://[${bound.address}]:${bound.port}` : `http://${bound.address}:${bound.port}`
}

const write = (line: string) => void process.stderr.write(line)
let log = logTo(write, 'text')
try {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--migrate')
  if (unknown.length > 0) throw new ConfigError([`there is one argument, --migrate, and not ${JSON.stringify(unknown[0])}`])
  const config = readConfig(process.env)
  log = logTo(write, config.logFormat)
  await main(config, log, process.argv.includes('--migrate'))
} catch (error) {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) log.error(problem)
    process.exit(WRONG_CONFIGURATION)
  }
  log.error('cannot go on', { error: reason(error) })
  process.exit(1)
}
