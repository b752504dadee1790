// People: sign up, log in, verify, forget, change, leave.
import { describe, expect, test } from 'vitest'
import { Identity, PASSWORD } from './identity.js'

const decode = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())

describe('a person', () => {
  test('signs up, is in at once, and has a token for the product', async () => {
    const identity = await Identity.start()
    const ada = identity.browser()
    expect((await ada.signUp('ada')).status).toBe(200)
    expect([...ada.cookies.keys()]).toEqual(['better-auth.session_token'])
    const claims = decode(await ada.jwt())
    expect(claims).toMatchObject({ iss: 'http://localhost:8080', aud: 'http://localhost:8080', email: 'ada@example.com', name: 'ada' })
    expect(claims.exp - claims.iat).toBe(5 * 60)
    const keys = (await ada.get('/jwks')).json.keys
    expect(keys).toMatchObject([{ alg: 'EdDSA', kty: 'OKP', crv: 'Ed25519' }])
    expect(keys[0].d).toBeUndefined()
  })

  test('has a picture, and tokens are not larger for it', async () => {
    const identity = await Identity.start()
    const ada = identity.browser()
    await ada.signUp('ada')
    const before = (await ada.jwt()).length
    const image = `data:image/webp;base64,${'A'.repeat(20_000)}`
    expect((await ada.post('/update-user', { image })).status).toBe(200)
    expect((await ada.get('/get-session')).json.user.image).toBe(image)
    expect((await ada.jwt()).length).toBe(before)
  })

  test('logs out and in again; a wrong password and an unknown address are told alike', async () => {
    const identity = await Identity.start()
    const ada = identity.browser()
    await ada.signUp('ada')
    await ada.post('/sign-out')
    expect((await ada.get('/get-session')).json).toBeNull()
    expect((await ada.get('/token')).status).toBe(401)
    const wrong = await ada.logIn('ada', 'not this one')
    const unknown = await ada.logIn('nobody')
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(wrong.json).toEqual(unknown.json)
    expect((await ada.logIn('ada')).status).toBe(200)
    expect((await ada.get('/get-session')).json.user.email).toBe('ada@example.com')
  })

  test.each([
    ['short', 'PASSWORD_TOO_SHORT'],
    ['x'.repeat(129), 'PASSWORD_TOO_LONG'],
  ])('cannot take the password %s', async (password, code) => {
    const identity = await Identity.start()
    const answer = await identity.browser().signUp('ada', { password })
    expect([answer.status, answer.json.code]).toEqual([400, code])
  })

  test('verifies the address by the link in a mail, on a page of the product', async () => {
    const identity = await Identity.start()
    const ada = identity.browser()
    await ada.signUp('ada')
    const mail = await identity.mail('verify-email', 'ada@example.com')
    expect(mail.subject).toBe('Verify your e-mail address for Colloquy')
    expect(mail.html).toContain(mail.link.replaceAll('&', '&amp;'))
    const answer = await identity.browser().follow(mail.link)
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/verify-email'])
    expect((await ada.get('/get-session')).json.user.emailVerified).toBe(true)
    const broken = await identity.browser().follow(mail.link.replace(/token=[^&]{9}/, 'token=broken'))
    expect(broken.headers.get('location')).toBe('/verify-email?error=INVALID_TOKEN')
  })

  test('has to verify before the first log-in where that is required, and nobody learns who has an account', async () => {
    const identity = await Identity.start({ REQUIRE_EMAIL_VERIFICATION: 'true' })
    const ada = identity.browser()
    const first = await ada.signUp('ada')
    expect(first.json.token).toBeNull()
    expect(ada.cookies.size).toBe(0)
    const refused = await ada.logIn('ada')
    expect([refused.status, refused.json.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
    const verified = identity.browser()
    await verified.follow((await identity.mail('verify-email', 'ada@example.com')).link)
    // The link lets its reader in.
    expect((await verified.get('/get-session')).json.user.email).toBe('ada@example.com')
    expect((await ada.logIn('ada')).status).toBe(200)

    const again = await identity.browser().signUp('ada')
    expect([again.status, Object.keys(again.json.user).sort()]).toEqual([200, Object.keys(first.json.user).sort()])
    expect((await identity.mail('account-exists', 'ada@example.com')).link).toBe('http://localhost:8080/login')
  })

  test('who is told about a taken address is told so where no verification is required', async () => {
    const identity = await Identity.start()
    await identity.browser().signUp('ada')
    const again = await identity.browser().signUp('ada')
    expect([again.status, again.json.code]).toEqual([422, 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL'])
  })

  test('forgets the password, chooses another by a link that works once, and is out everywhere', async () => {
    const identity = await Identity.start()
    const [ada, elsewhere] = [identity.browser(), identity.browser()]
    await ada.signUp('ada')
    await elsewhere.logIn('ada')
    const asked = await ada.post('/request-password-reset', { email: 'ada@example.com' })
    const nobody = await ada.post('/request-password-reset', { email: 'nobody@example.com' })
    expect(asked.json).toEqual(nobody.json)
    const landed = await identity.browser().follow((await identity.mail('reset-password', 'ada@example.com')).link)
    const page = new URL(landed.headers.get('location')!)
    expect(page.href).toMatch(/^http:\/\/localhost:8080\/reset-password\?token=\w+$/)

    const token = page.searchParams.get('token')
    const reset = (newPassword: string) => identity.browser().post('/reset-password', { token, newPassword })
    expect((await reset('short')).json.code).toBe('PASSWORD_TOO_SHORT')
    expect((await reset('a new password')).status).toBe(200)
    expect((await reset('another new one')).json.code).toBe('INVALID_TOKEN')
    expect((await elsewhere.get('/get-session')).json).toBeNull()
    expect((await ada.logIn('ada')).status).toBe(401)
    expect((await ada.logIn('ada', 'a new password')).status).toBe(200)
    expect((await identity.mail('password-changed', 'ada@example.com')).link).toBe('http://localhost:8080/forgot-password')
    expect(identity.mails().filter(({ to }) => to === 'nobody@example.com')).toEqual([])
  })

  test('a link to a new password that has run out leads to a page that says so', async () => {
    const identity = await Identity.start()
    const ada = identity.browser()
    await ada.signUp('ada')
    await ada.post('/request-password-reset', { email: 'ada@example.com', redirectTo: '/reset-password' })
    const { link } = await identity.mail('reset-password', 'ada@example.com')
    await identity.query(`UPDATE identity.verification SET "expiresAt" = now() - interval '1 second'`)
    expect((await ada.follow(link)).headers.get('location')).toBe('http://localhost:8080/reset-password?error=INVALID_TOKEN')
  })

  test('changes the address when both the old and the new one agree', async () => {
    const identity = await Identity.start()
    const ada = identity.browser()
    await ada.signUp('ada')
    await ada.follow((await identity.mail('verify-email', 'ada@example.com')).link)
    const change = { newEmail: 'lovelace@example.com', callbackURL: '/account' }
    expect((await ada.post('/change-email', change)).status).toBe(200)
    await ada.follow((await identity.mail('confirm-new-address', 'ada@example.com')).link)
    expect((await ada.get('/get-session')).json.user.email).toBe('ada@example.com')
    await ada.follow((await identity.mail('new-address', 'lovelace@example.com')).link)
    expect((await ada.get('/get-session')).json.user).toMatchObject({ email: 'lovelace@example.com', emailVerified: true })
    expect((await identity.browser().logIn('lovelace')).status).toBe(200)
  })

  test('changes the password and ends the other sessions', async () => {
    const identity = await Identity.start()
    const [ada, elsewhere] = [identity.browser(), identity.browser()]
    await ada.signUp('ada')
    await elsewhere.logIn('ada')
    expect((await ada.get('/list-sessions')).json).toHaveLength(2)
    const change = { currentPassword: PASSWORD, newPassword: 'a new password', revokeOtherSessions: true }
    expect((await ada.post('/change-password', { ...change, currentPassword: 'wrong password' })).json.code).toBe('INVALID_PASSWORD')
    expect((await ada.post('/change-password', change)).status).toBe(200)
    expect((await elsewhere.get('/get-session')).json).toBeNull()
    expect((await ada.get('/get-session')).json.user.email).toBe('ada@example.com')
  })
})
