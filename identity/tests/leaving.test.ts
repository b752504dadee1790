// Whoever leaves takes everything along: the product erases before the account goes.
import { createPublicKey, verify } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from './port.js'
import { Identity, PASSWORD } from './identity.js'

interface Gateway {
  url: string
  server: Server
  /** The tokens that asked for an erasure. */
  tokens: string[]
  answer: { status: number; body: object }
}

async function gateway(): Promise<Gateway> {
  const port = await freePort()
  const server = createServer((request, response) => {
    if (request.method === 'DELETE' && request.url === '/users/me') at.tokens.push(request.headers.authorization!.replace('Bearer ', ''))
    response.writeHead(at.answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(at.answer.body))
  })
  const at: Gateway = { url: `http://127.0.0.1:${port}`, server, tokens: [], answer: { status: 200, body: {} } }
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return at
}

test('an account and its data go together, and the product hears it from the user', async () => {
  const product = await gateway()
  const identity = await Identity.start({ GATEWAY_URL: product.url })
  const ada = identity.browser()
  await ada.signUp('ada')
  const { user } = (await ada.get('/get-session')).json
  const wrong = await ada.post('/delete-user', { password: 'not this one' })
  expect([wrong.status, wrong.json.code, product.tokens.length]).toEqual([400, 'INVALID_PASSWORD', 0])

  expect((await ada.post('/delete-user', { password: PASSWORD })).json).toMatchObject({ success: true })
  const [header, payload, signature] = product.tokens[0]!.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  expect(claims).toMatchObject({ sub: user.id, email: 'ada@example.com', iss: 'http://localhost:8080', aud: 'http://localhost:8080' })
  const [jwk] = (await ada.get('/jwks')).json.keys
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  expect(verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true)

  expect((await ada.logIn('ada')).status).toBe(401)
  const { rows } = await identity.query('SELECT FROM identity."user" UNION ALL SELECT FROM identity.session UNION ALL SELECT FROM identity.account')
  expect(rows).toEqual([])
  expect((await identity.mail('account-deleted', 'ada@example.com')).subject).toBe('Your Colloquy account is deleted')
})

test.each([
  ['refuses', { status: 503, body: { code: 'database_unavailable' } }],
  ['answers nonsense', { status: 404, body: {} }],
])('the account stays when the product %s', async (_, answer) => {
  const product = await gateway()
  const identity = await Identity.start({ GATEWAY_URL: product.url })
  const ada = identity.browser()
  await ada.signUp('ada')
  product.answer = answer
  const refused = await ada.post('/delete-user', { password: PASSWORD })
  expect([refused.status, refused.json.code]).toEqual([503, 'PRODUCT_DATA_NOT_ERASED'])
  expect((await ada.get('/get-session')).json.user.email).toBe('ada@example.com')
  // Somebody whose data went before, while their account could not go.
  product.answer = { status: 401, body: { code: 'user_erased' } }
  expect((await ada.post('/delete-user', { password: PASSWORD })).status).toBe(200)
})

test('the account stays when the product is away', async () => {
  const identity = await Identity.start({ GATEWAY_URL: `http://127.0.0.1:${await freePort()}` })
  const ada = identity.browser()
  await ada.signUp('ada')
  const refused = await ada.post('/delete-user', { password: PASSWORD })
  expect([refused.status, refused.json.code]).toEqual([503, 'PRODUCT_DATA_NOT_ERASED'])
  expect((await ada.logIn('ada')).status).toBe(200)
  expect(identity.log).toContain('an account stays')
})

test('without the password a log-in of today is needed', async () => {
  const product = await gateway()
  const identity = await Identity.start({ GATEWAY_URL: product.url })
  const ada = identity.browser()
  await ada.signUp('ada')
  await identity.query(`UPDATE identity.session SET "createdAt" = now() - interval '25 hours'`)
  const stale = await ada.post('/delete-user')
  expect([stale.status, stale.json.code, product.tokens.length]).toEqual([400, 'SESSION_EXPIRED', 0])
  await ada.logIn('ada')
  expect((await ada.post('/delete-user')).status).toBe(200)
})
