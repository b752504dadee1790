// Mails, by a real SMTP server, and in the outbox of those who have none.
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Identity, until } from './identity.js'

interface Sink {
  url: string
  mails: Email[]
  recipients: string[]
}

async function sink(options: SMTPServerOptions = {}): Promise<Sink> {
  const at: Sink = { url: '', mails: [], recipients: [] }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (address, _, done) => (at.recipients.push(address.address), done()),
    onData: (stream, _, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', async () => (at.mails.push(await PostalMime.parse(Buffer.concat(chunks))), done()))
    },
    ...options,
  })
  // Whoever ends in the middle of a conversation is no error here.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  at.url = `smtp://127.0.0.1:${(server.server.address() as { port: number }).port}`
  return at
}

test('a mail goes by SMTP, as text and as HTML, in the name of the product', async () => {
  const { url, mails } = await sink()
  const identity = await Identity.start({ SMTP_URL: url, MAIL_FROM: 'Example Chat <hello@example.com>', APP_NAME: 'Example & Chat' })
  const ada = identity.browser()
  expect((await ada.get('/options')).json).toMatchObject({ outbox: false, email_verification: true })
  await ada.signUp('ada', { name: '<b>WIN</b> https://evil.example' })
  const mail = await until(() => mails[0])
  expect(mail.from).toMatchObject({ name: 'Example Chat', address: 'hello@example.com' })
  expect(mail.to).toMatchObject([{ address: 'ada@example.com' }])
  expect(mail.subject).toBe('Verify your e-mail address for Example & Chat')
  const [link] = /http\S+/.exec(mail.text!)!
  expect((await ada.follow(link)).headers.get('location')).toBe('/verify-email')
  expect(mail.html).toContain('Example &amp; Chat')
  // Nobody can send their own words to others by signing up with them.
  expect(mail.text! + mail.html!).not.toContain('evil.example')
  expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated')
})

test('a mail server that is busy is tried again, and the person waits for nothing', async () => {
  let refusals = 1
  const { url, mails } = await sink({
    onMailFrom: (_, __, done) => done(refusals-- > 0 ? Object.assign(new Error('busy, ada@example.com'), { responseCode: 451 }) : null),
  })
  const identity = await Identity.start({ SMTP_URL: url, MAIL_FROM: 'hello@example.com' })
  expect((await identity.browser().signUp('ada')).status).toBe(200)
  await until(() => mails[0])
  expect(identity.log).toContain('a mail could not be sent yet')
  expect(identity.log).not.toContain('ada@')
})

test('a mail server that refuses for good is told about once, and the sign-up stands', async () => {
  const { url } = await sink({ onMailFrom: (_, __, done) => done(Object.assign(new Error('no'), { responseCode: 550 })) })
  const identity = await Identity.start({ SMTP_URL: url, MAIL_FROM: 'hello@example.com' })
  expect((await identity.browser().signUp('ada')).status).toBe(200)
  await until(() => (/a mail could not be sent kind/.test(identity.log) ? true : undefined))
  expect(identity.log).not.toContain('yet')
})

test('an address is nothing but an address: no second recipient, no header', async () => {
  const { url, recipients } = await sink()
  const identity = await Identity.start({ SMTP_URL: url, MAIL_FROM: 'hello@example.com' })
  const ada = identity.browser()
  for (const email of ['ada@example.com,eve@example.com', 'ada@example.com\r\nBcc: eve@example.com', '"ada" <eve@example.com>']) {
    expect((await ada.post('/sign-up/email', { name: 'Ada', email, password: 'long enough' })).status).toBe(400)
  }
  await ada.signUp('ada')
  await until(() => recipients[0])
  expect(recipients).toEqual(['ada@example.com'])
})

test('without a mail server mails lie in a folder that is the owner’s alone, and are shown at this machine', async () => {
  const identity = await Identity.start()
  const ada = identity.browser('127.0.0.1')
  expect((await ada.get('/options')).json).toMatchObject({ outbox: true, email_verification: false })
  await ada.signUp('ada')
  const { link } = await identity.mail('verify-email', 'ada@example.com')
  const here = { 'x-forwarded-host': 'localhost:8080', origin: '' }
  const list = await ada.get('/outbox', here)
  expect(list.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(list.text).toContain('To ada@example.com')
  expect(list.text).toContain(`href="${link.replaceAll('&', '&amp;')}"`)
  const [, path] = /href="\/api\/auth(\/outbox\/[^"]+)"/.exec(list.text)!
  expect((await ada.get(path!, { ...here, 'sec-fetch-site': 'same-origin' })).text).toContain('Verify my address')
  const file = join(identity.outbox, `${path!.replace('/outbox/', '')}.txt`)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('nobody else reads the outbox', async () => {
  const identity = await Identity.start()
  const here = { 'x-forwarded-host': 'localhost:8080', origin: '' }
  expect((await identity.browser('192.0.2.7').get('/outbox', here)).status).toBe(404)
  expect((await identity.browser('127.0.0.1').get('/outbox', { ...here, 'x-forwarded-for': '' })).status).toBe(404)
  // A page elsewhere may have a name that leads to this machine.
  expect((await identity.browser('127.0.0.1').get('/outbox', { ...here, 'x-forwarded-host': 'evil.example' })).status).toBe(404)
  // Nor does a page elsewhere get it by asking for it here.
  for (const told of [{ origin: 'http://localhost:8080' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
    expect((await identity.browser('127.0.0.1').get('/outbox', { ...here, ...told })).status).toBe(404)
  }
  expect((await identity.browser('127.0.0.1').get('/outbox', { ...here, 'sec-fetch-site': 'none' })).status).toBe(200)
  for (const path of ['/outbox/..%2f..%2fpackage', '/outbox/../../package.json', '/outbox/mails', '/outbox/%00']) {
    expect((await identity.browser('127.0.0.1').get(path, here)).status).toBe(404)
  }
  const published = await Identity.start({ BETTER_AUTH_URL: 'https://chat.example.com/api/auth' })
  expect((await published.browser('127.0.0.1').get('/outbox', here)).status).toBe(404)
  expect((await published.browser().get('/options')).json).toMatchObject({ outbox: false })
})
