// Logging in by somebody else's account, at a real provider.
import { expect, onTestFinished, test } from 'vitest'
import { Identity, type Browser } from './identity.js'
import { CLIENT, logInThere, openProvider, type Person } from './provider.js'

const CALLBACK = 'http://localhost:8080/api/auth/callback/oidc'

const variables = (issuer: string) => ({
  OIDC_LOGIN_ISSUER: issuer,
  OIDC_LOGIN_CLIENT_ID: CLIENT.id,
  OIDC_LOGIN_CLIENT_SECRET: CLIENT.secret,
  OIDC_LOGIN_NAME: 'Example Works',
})

async function provider(callback: string, person: () => Person) {
  const there = await openProvider(callback, person)
  onTestFinished(there.close)
  return there
}

/** Where it leads. */
async function logIn(browser: Browser): Promise<string> {
  const { status, json } = await browser.post('/sign-in/social', { provider: 'oidc', callbackURL: '/chat', errorCallbackURL: '/login' })
  expect(status).toBe(200)
  const back = await logInThere(json.url, CALLBACK)
  return (await browser.follow(back)).headers.get('location')!
}

test('somebody of a provider gets in, and is the same person the next time', async () => {
  let person: Person = { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace' }
  const there = await provider(CALLBACK, () => person)
  await there.open()
  const identity = await Identity.start(variables(there.issuer))
  const ada = identity.browser()
  expect((await ada.get('/options')).json.providers).toEqual([{ id: 'oidc', name: 'Example Works' }])
  expect(await logIn(ada)).toBe('/chat')
  const first = (await ada.get('/get-session')).json.user
  expect(first).toMatchObject({ email: 'ada@example.com', emailVerified: true, name: 'Ada Lovelace' })
  // It is the subject that counts, not the address.
  person = { ...person, email: 'countess@example.com' }
  const again = identity.browser()
  await logIn(again)
  expect((await again.get('/get-session')).json.user.id).toBe(first.id)

  // What the provider handed out is not kept, and logging out here is nothing to it.
  const { rows } = await identity.query('SELECT "accessToken", "refreshToken", "idToken" FROM identity.account')
  expect(rows).toEqual([{ accessToken: null, refreshToken: null, idToken: null }])
  expect((await again.post('/sign-out')).json).toEqual({ success: true })
})

test('an account here is taken over by nobody who merely claims its address there', async () => {
  const there = await provider(CALLBACK, () => ({ sub: 'mallory', email: 'ada@example.com', email_verified: false, name: 'Mallory' }))
  await there.open()
  const identity = await Identity.start(variables(there.issuer))
  const ada = identity.browser()
  await ada.signUp('ada')
  await ada.follow((await identity.mail('verify-email', 'ada@example.com')).link)
  const mallory = identity.browser()
  expect(await logIn(mallory)).toBe('/login?error=account_not_linked')
  expect((await mallory.get('/get-session')).json).toBeNull()
})

test('who signed up with a password and proved the address gets in by the provider too', async () => {
  const there = await provider(CALLBACK, () => ({ sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada' }))
  await there.open()
  const identity = await Identity.start(variables(there.issuer))
  const ada = identity.browser()
  await ada.signUp('ada')
  await ada.follow((await identity.mail('verify-email', 'ada@example.com')).link)
  const { id } = (await ada.get('/get-session')).json.user
  const other = identity.browser()
  expect(await logIn(other)).toBe('/chat')
  expect((await other.get('/get-session')).json.user.id).toBe(id)
})

test('a provider without names gives the first half of the address', async () => {
  const there = await provider(CALLBACK, () => ({ sub: 'ada', email: 'ada@example.com', email_verified: true }))
  await there.open()
  const identity = await Identity.start(variables(there.issuer))
  const ada = identity.browser()
  await logIn(ada)
  expect((await ada.get('/get-session')).json.user.name).toBe('ada')
})

test('a provider that is away keeps nothing from starting, and works when it is back', async () => {
  const there = await provider(CALLBACK, () => ({ sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada' }))
  const identity = await Identity.start(variables(there.issuer))
  const ada = identity.browser()
  expect((await ada.post('/sign-in/social', { provider: 'oidc', callbackURL: '/chat' })).status).toBe(404)
  expect((await ada.signUp('somebody-else')).status).toBe(200)
  await there.open()
  expect(await logIn(identity.browser())).toBe('/chat')
})

test('Google and GitHub are there when they are configured', async () => {
  const identity = await Identity.start({
    GOOGLE_CLIENT_ID: 'google-id',
    GOOGLE_CLIENT_SECRET: 'google-secret',
    GITHUB_CLIENT_ID: 'github-id',
    GITHUB_CLIENT_SECRET: 'github-secret',
  })
  const ada = identity.browser()
  const { providers } = (await ada.get('/options')).json
  expect(providers).toEqual([{ id: 'google', name: 'Google' }, { id: 'github', name: 'GitHub' }])
  for (const [id, host] of [['google', 'accounts.google.com'], ['github', 'github.com']]) {
    const { url } = (await ada.post('/sign-in/social', { provider: id, callbackURL: '/chat' })).json
    expect(new URL(url).host).toBe(host)
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(`http://localhost:8080/api/auth/callback/${id}`)
  }
})
