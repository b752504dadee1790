// Starting, stopping, and days on which something is away.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { database, ended, Identity, PASSWORD, program, SECRET, until } from './identity.js'

const ENOUGH = {
  IDENTITY_LISTEN: '127.0.0.1:0',
  BETTER_AUTH_URL: 'http://localhost:8080/api/auth',
  BETTER_AUTH_SECRET: SECRET,
  MAIL_OUTBOX: '/tmp',
}

test('everything that is wrong is told at once, without a value that may be a secret', async () => {
  const { status, log } = await ended(
    program({
      IDENTITY_LISTEN: 'localhost',
      DATABASE_URL: 'mysql://root:hunter2@db',
      BETTER_AUTH_URL: 'http://chat.example.com/',
      BETTER_AUTH_SECRET: 'too short',
      TRUSTED_ORIGINS: 'https://app.example.com,https://app.example.com/path',
      IDENTITY_TRUSTED_PROXIES: '10.0.0.0/33',
      SMTP_URL: 'http://user:hunter3@mail',
      MAIL_FROM: 'nobody',
      GOOGLE_CLIENT_ID: 'only half of it',
      OIDC_LOGIN_ISSUER: 'login.example.com',
      IDENTITY_ATTEMPTS_PER_MINUTE: '-1',
      REQUIRE_EMAIL_VERIFICATION: 'yes',
      LOG_FORMAT: 'xml',
    }),
  )
  expect(status).toBe(64)
  const named = [...log.matchAll(/identity: ([A-Z_]+) /g)].map(([, name]) => name).sort()
  expect([...new Set(named)]).toEqual([
    'BETTER_AUTH_SECRET',
    'BETTER_AUTH_URL',
    'DATABASE_URL',
    'GOOGLE_CLIENT_SECRET',
    'IDENTITY_ATTEMPTS_PER_MINUTE',
    'IDENTITY_LISTEN',
    'IDENTITY_TRUSTED_PROXIES',
    'LOG_FORMAT',
    'MAIL_FROM',
    'OIDC_LOGIN_ISSUER',
    'REQUIRE_EMAIL_VERIFICATION',
    'SMTP_URL',
    'TRUSTED_ORIGINS',
  ])
  expect(log).not.toMatch(/hunter|too short/)
})

test('an empty environment is told what it lacks', async () => {
  const { status, log } = await ended(program({}))
  expect(status).toBe(64)
  for (const name of ['BETTER_AUTH_URL', 'BETTER_AUTH_SECRET', 'IDENTITY_DATABASE_URL', 'SMTP_URL']) expect(log).toContain(`${name} is missing`)
})

test('--migrate makes the tables and ends; another time it changes nothing', async () => {
  const { url, query } = await database()
  for (let time = 0; time < 2; time += 1) {
    const { status, log } = await ended(program({ ...ENOUGH, IDENTITY_DATABASE_URL: url }, '--migrate'))
    expect([status, log]).toEqual([0, expect.stringContaining('the tables are up to date')])
  }
  const { rows } = await query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'identity' ORDER BY 1`)
  expect(rows.map((row) => row.table_name)).toEqual(['account', 'jwks', 'session', 'user', 'verification'])
})

test('a role that owns nothing but the schema is enough', async () => {
  const { url, query } = await database()
  const role = new URL(url).username
  await query(`ALTER DATABASE ${role} OWNER TO postgres; REVOKE ALL ON DATABASE ${role} FROM PUBLIC; GRANT CONNECT ON DATABASE ${role} TO ${role};
    CREATE SCHEMA identity AUTHORIZATION ${role}`)
  const identity = await Identity.start({}, { url, query })
  expect((await identity.browser().signUp('ada')).status).toBe(200)
})

test('two that start at the same time make the tables once, and one key', async () => {
  const over = await database()
  const both = await Promise.all([Identity.start({}, over), Identity.start({}, over)])
  const { rows } = await over.query('SELECT FROM identity.jwks')
  expect(rows).toHaveLength(1)
  // Who signs up here is known there.
  await both[0].browser().signUp('ada')
  expect((await both[1].browser().logIn('ada')).status).toBe(200)
})

test('keys change by themselves, and tokens of the old one stay good', async () => {
  const identity = await Identity.start()
  const ada = identity.browser()
  await ada.signUp('ada')
  const kid = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0]!, 'base64url').toString()).kid
  const before = kid(await ada.jwt())
  const { rows } = await identity.query(`SELECT round(extract(epoch FROM "expiresAt" - "createdAt") / 86400)::int AS days FROM identity.jwks`)
  expect(rows).toEqual([{ days: 30 }])
  await identity.query(`UPDATE identity.jwks SET "expiresAt" = now() - interval '1 second'`)
  const after = kid(await ada.jwt())
  expect(after).not.toBe(before)
  const listed = (await ada.get('/jwks')).json.keys.map((key: { kid: string }) => key.kid)
  expect(listed.sort()).toEqual([before, after].sort())
  await identity.query(`UPDATE identity.jwks SET "expiresAt" = now() - interval '2 days' WHERE id = '${before}'`)
  expect((await ada.get('/jwks')).json.keys).toHaveLength(1)
})

test('another secret is noticed before anybody is answered', async () => {
  const over = await database()
  const { status } = await ended(program({ ...ENOUGH, IDENTITY_DATABASE_URL: over.url }, '--migrate'))
  expect(status).toBe(0)
  const other = await ended(program({ ...ENOUGH, IDENTITY_DATABASE_URL: over.url, BETTER_AUTH_SECRET: 'another-secret-with-enough-entropy-too' }))
  expect(other.status).toBe(1)
  expect(other.log).toContain('another BETTER_AUTH_SECRET')
})

test('told to stop while it waits for its database, it ends at once', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  const child = program({ ...ENOUGH, IDENTITY_DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/none` })
  const end = ended(child)
  await until(() => (sockets.length > 0 ? true : undefined))
  const began = Date.now()
  child.kill('SIGTERM')
  const { status, log } = await end
  expect([status, log]).toEqual([0, expect.stringContaining('stopping because="SIGTERM"')])
  expect(Date.now() - began).toBeLessThan(1500)
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it in order: what is being answered is answered', async (signal) => {
  const identity = await Identity.start()
  const end = ended(identity.child)
  const { hostname, port } = new URL(identity.origin)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk))
  const body = JSON.stringify({ name: 'Ada', email: 'ada@example.com', password: PASSWORD })
  socket.write(`POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`)
  // The request has come, its body has not.
  await until(() => (answer.startsWith('HTTP/1.1 100') ? true : undefined))
  identity.child.kill(signal)
  await until(() => (identity.log.includes('stopping') ? true : undefined))
  socket.write(body)
  expect((await end).status).toBe(0)
  expect(answer).toContain('HTTP/1.1 200')
  // Its mail went out as well.
  expect(identity.mails().map(({ kind }) => kind)).toEqual(['verify-email'])
})

test('it ends with whoever started it, when told that it has an owner', async () => {
  const identity = await Identity.start({ IDENTITY_OWNED: 'true' })
  const end = ended(identity.child)
  identity.child.stdin!.end()
  expect((await end).status).toBe(0)
  expect(identity.log).toContain('its owner ended')
})

test('a database that is away is told as such, and noticed when it is back', async () => {
  const { url, query } = await database()
  const between = await proxy(Number(new URL(url).port))
  const identity = await Identity.start({}, { url: url.replace(/:\d+\//, `:${between.port}/`), query })
  const ada = identity.browser()
  await ada.signUp('ada')
  await between.close()
  for (const answer of [await ada.logIn('ada'), await ada.get('/token'), await ada.get('/get-session')]) {
    expect([answer.status, answer.json.code, answer.headers.get('retry-after')]).toEqual([503, 'UNAVAILABLE', '2'])
  }
  expect((await fetch(`${identity.origin}/livez`)).status).toBe(200)
  await between.open()
  expect((await ada.get('/get-session')).json.user.email).toBe('ada@example.com')
})

test('nothing secret and nobody’s address is in the log, whatever people do', async () => {
  const { url, query } = await database()
  const identity = await Identity.start({}, { url: url.replace('@', ':hunter2@'), query })
  const ada = identity.browser()
  await ada.signUp('ada')
  await ada.signUp('ada')
  const tokens = [await ada.jwt(), ...ada.cookies.values()]
  await ada.logIn('ada', 'a wrong password')
  await ada.logIn('nobody')
  await ada.post('/request-password-reset', { email: 'ada@example.com', redirectTo: '/reset-password' })
  await ada.follow((await identity.mail('verify-email', 'ada@example.com')).link)
  await ada.post('/reset-password', { token: 'a-made-up-token', newPassword: 'another password' })
  await ada.get('/verify-email?token=a-made-up-token')
  await ada.get('/callback/google?code=a-made-up-token&state=a-made-up-token')
  await ada.post('/delete-user', { password: PASSWORD })
  await query('DROP TABLE identity.verification')
  expect((await ada.post('/request-password-reset', { email: 'ada@example.com' })).status).toBe(500)
  for (const secret of [...tokens, SECRET, PASSWORD, 'hunter2', 'ada@', 'nobody@', 'a wrong password', 'another password', 'a-made-up-token']) {
    expect(identity.log).not.toContain(secret)
  }
  expect(identity.log).toContain('identity.verification')
})

async function proxy(target: number): Promise<{ port: number; close: () => Promise<void>; open: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    const there = connect(target, '127.0.0.1')
    for (const end of [socket, there]) {
      sockets.add(end)
      end.on('error', () => {}).on('close', () => (socket.destroy(), there.destroy(), sockets.delete(end)))
    }
    socket.pipe(there).pipe(socket)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as { port: number }
  const close = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    return closed
  }
  onTestFinished(() => void close())
  return { port, close, open: () => listen(port) }
}
