// What comes from outside: origins, cookies, addresses, sizes, floods.
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { Identity, PASSWORD } from './identity.js'

test('cookies are secure where people come by https, and for scripts never', async () => {
  const identity = await Identity.start({ BETTER_AUTH_URL: 'https://chat.example.com/api/auth' })
  const answer = await identity.browser().signUp('ada')
  const [cookie] = answer.headers.getSetCookie()
  expect(cookie).toMatch(/^__Secure-better-auth\.session_token=/)
  for (const attribute of [/; Secure/, /; HttpOnly/, /; SameSite=Lax/, /; Path=\//]) expect(cookie).toMatch(attribute)
})

test('only trusted origins change anything', async () => {
  const identity = await Identity.start({ TRUSTED_ORIGINS: 'http://127.0.0.1:8080' })
  const ada = identity.browser()
  await ada.signUp('ada')
  const name = (origin: string) => ada.post('/update-user', { name: 'Countess' }, { origin })
  for (const origin of ['https://evil.example', 'http://localhost:8081', 'null', 'http://localhost.evil.example:8080']) {
    expect((await name(origin)).status).toBe(403)
  }
  expect((await name('')).status).toBe(403)
  expect((await name('http://127.0.0.1:8080')).status).toBe(200)
  expect((await name('http://localhost:8080')).status).toBe(200)
  // Nor is anybody led elsewhere.
  for (const redirectTo of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    expect((await ada.post('/request-password-reset', { email: 'ada@example.com', redirectTo })).status).toBe(403)
  }
  expect(identity.log).not.toContain('evil')
})

test('who tries too often is told when to come back; others are not kept out', async () => {
  const identity = await Identity.start({ IDENTITY_ATTEMPTS_PER_MINUTE: '4' })
  const guesser = identity.browser('192.0.2.1')
  for (let attempt = 0; attempt < 4; attempt += 1) expect((await guesser.logIn('ada', 'a wrong guess')).status).toBe(401)
  const refused = await guesser.logIn('ada')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await identity.browser('192.0.2.2').logIn('ada')).status).toBe(401)
  // One network of IPv6 is one client.
  const network = (host: number) => identity.browser(`2001:db8::${host}`).logIn('ada', 'a wrong guess')
  for (let host = 1; host <= 4; host += 1) expect((await network(host)).status).toBe(401)
  expect((await network(5)).status).toBe(429)
  const mails = await guesser.post('/request-password-reset', { email: 'ada@example.com' })
  expect(mails.status).toBe(200)
  expect((await guesser.post('/request-password-reset', { email: 'ada@example.com' })).status).toBe(429)
})

test('nobody says where they are but the gateway', async () => {
  const identity = await Identity.start({ IDENTITY_TRUSTED_PROXIES: '10.0.0.0/8', IDENTITY_ATTEMPTS_PER_MINUTE: '1' })
  // The peer of these connections is this machine, which is no gateway here: its word is worth nothing.
  const claims = (address: string) => identity.browser(address).post('/sign-in/email', { email: 'ada@example.com', password: 'a wrong guess' }, { 'x-colloquy-client': address })
  // It may be one all the same that nobody named: what it passes on does not count as one client, and is limited.
  for (let attempt = 1; attempt <= 10; attempt += 1) expect((await claims(`192.0.2.${attempt}`)).status).toBe(401)
  expect((await claims('192.0.2.11')).status).toBe(429)
  expect(identity.log.match(/IDENTITY_TRUSTED_PROXIES does not name it/g)).toHaveLength(1)
  // Who passes nothing on is a client.
  const guess = () => identity.browser().post('/sign-in/email', { email: 'ada@example.com', password: 'a wrong guess' }, { 'x-forwarded-for': '' })
  expect((await guess()).status).toBe(401)
  expect((await guess()).status).toBe(429)
})

test('the last address that the gateway passes on counts, and is what a person sees of a session', async () => {
  const identity = await Identity.start()
  const ada = identity.browser('198.51.100.9, 192.0.2.44')
  await ada.signUp('ada')
  expect((await ada.get('/list-sessions')).json).toMatchObject([{ ipAddress: '192.0.2.44' }])
})

test('where nobody knows an address, all of them together may try ten times as often, and no more', async () => {
  const identity = await Identity.start({ IDENTITY_ATTEMPTS_PER_MINUTE: '1' })
  for (let attempt = 0; attempt < 10; attempt += 1) {
    expect((await identity.browser('').logIn('ada')).status).toBe(401)
  }
  expect((await identity.browser('').logIn('ada')).status).toBe(429)
  expect((await identity.browser('192.0.2.1').logIn('ada')).status).toBe(401)
})

test('a body is a form of a person, and no more', async () => {
  const identity = await Identity.start()
  const ada = identity.browser()
  const large = await ada.post('/sign-up/email', { name: 'x'.repeat(70_000), email: 'ada@example.com', password: PASSWORD })
  expect([large.status, large.json.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
  // Also where the size is not said before.
  const chunks = Array.from({ length: 20 }, () => `1000\r\n${'x'.repeat(4096)}\r\n`).join('')
  expect(await raw(identity, `POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
  expect((await ada.post('/sign-up/email', '{"name": ')).status).toBe(400)
  expect((await ada.post('/sign-in/email', 'x', { 'content-type': 'text/plain' })).status).toBe(415)
})

test('a client that hangs up in the middle of its body is no error of this server', async () => {
  const identity = await Identity.start()
  const socket = connect(Number(new URL(identity.origin).port), '127.0.0.1')
  socket.write('POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n{')
  await new Promise((resolve) => socket.once('data', resolve))
  socket.resetAndDestroy()
  // What comes later is answered later.
  for (let time = 0; time < 5; time += 1) expect((await fetch(`${identity.origin}/livez`)).status).toBe(200)
  expect(identity.log).not.toMatch(/ERROR|WARN/)
})

test.each(['/', '/api', '/api/auth', '/api/authentic', '/../etc/passwd', '//evil.example/api/auth/ok'])('%s is nothing', async (path) => {
  const identity = await Identity.start()
  expect(await raw(identity, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 404 /)
})

test('it says whether it lives and may be asked, to everybody, and keeps its answers out of caches', async () => {
  const identity = await Identity.start()
  for (const path of ['/livez', '/readyz']) expect((await fetch(identity.origin + path)).status).toBe(200)
  expect((await identity.browser().get('/get-session')).headers.get('cache-control')).toContain('no-store')
})

/** What comes back for these bytes, until the other side has said enough. */
function raw(identity: Identity, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(identity.origin).port), '127.0.0.1', () => socket.write(request))
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
      if (answer.includes('\r\n\r\n')) resolve(answer), socket.destroy()
    })
    socket.on('error', reject).on('close', () => resolve(answer))
  })
}
