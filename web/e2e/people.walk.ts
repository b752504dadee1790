// One person's way through everything, in the order in which a person goes. Each step begins where the one before ended.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, Visitor } from './browser'
import { type Stack, startStack } from './stack'

const grace = { email: 'grace@example.com', name: 'Grace Hopper', password: 'correct horse battery staple' }
const changed = 'another password of hers'
const ada = { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace' }

let stack: Stack
let browser: Browser
let visitor: Visitor

beforeAll(async () => {
  browser = await openBrowser()
  stack = await startStack(ada)
  visitor = await Visitor.at(browser, stack.origin)
})

afterAll(async () => {
  await browser?.close()
  await stack?.stop()
})

const composer = () => visitor.page.getByRole('textbox', { name: 'Your question' })
const answers = () => visitor.page.getByRole('article', { name: 'Answer' })
/** The last answer has ended, and something can be done about it. */
async function written() {
  const again = answers().last().getByRole('button', { name: 'Answer again' })
  await again.waitFor({ timeout: 60_000 })
  await expect.poll(() => again.isEnabled(), { timeout: 60_000 }).toBe(true)
}

async function ask(question: string) {
  await composer().fill(question)
  await composer().press('Enter')
}

async function logIn(password: string) {
  await visitor.fill('E-mail address', grace.email)
  await visitor.fill('Password', password)
  await visitor.button('Log in').click()
}

test('the landing page leads to signing up', async () => {
  await visitor.page.goto('/')
  await visitor.page.getByRole('heading', { level: 1 }).waitFor()
  await visitor.look('landing')
  await visitor.page.getByRole('main').getByRole('link', { name: 'Sign up' }).click()
  await visitor.button('Go on with Example Works').waitFor()
  await visitor.look('signup')
})

test('a form says what is missing, at the field', async () => {
  await visitor.fill('Name', grace.name)
  await visitor.fill('E-mail address', 'grace')
  await visitor.fill('Password', 'short')
  await visitor.button('Sign up').click()
  await visitor.page.getByText('This does not look like an e-mail address.').waitFor()
  await visitor.page.getByText('This is too short: a password has at least 8 characters.').waitFor()
  expect(await visitor.page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe('email')
  await visitor.look('signup-wrong')
})

test('signing up leads to the chat at once', async () => {
  await visitor.fill('E-mail address', grace.email)
  await visitor.fill('Password', grace.password)
  await visitor.button('Sign up').click()
  await visitor.page.waitForURL('**/chat')
  await composer().waitFor()
  await visitor.look('chat-empty')
})

test('the address is verified by the link in the mail, and a link that is broken says so', async () => {
  const link = await stack.mail('verify-email', grace.email)
  await visitor.page.goto(link.replace(/token=[^&]{9}/, 'token=broken000'))
  await visitor.page.getByRole('heading', { name: 'This link has run out or was used already.' }).waitFor()
  await visitor.look('verify-expired')
  await visitor.page.goto(link)
  await visitor.page.getByRole('heading', { name: 'Your address is verified' }).waitFor()
  await visitor.look('verified')
  await visitor.page.getByRole('link', { name: 'Open the chat' }).click()
})

test('a question is answered, and both are there after a reload in the middle', async () => {
  await ask('How do I point Colloquy at my own agent?')
  await visitor.button('Stop the answer').waitFor()
  await visitor.page.waitForURL(/\/chat\/[0-9a-f-]{36}$/)
  await visitor.page.reload()
  await answers().first().waitFor()
  await written()
  const text = await answers().last().textContent()
  await visitor.page.getByRole('list', { name: 'Sources' }).last().waitFor()
  await visitor.look('chat')
  await visitor.page.reload()
  await written()
  expect(await answers().last().textContent()).toBe(text)
})

test('an answer is stopped, and what came is kept', async () => {
  await ask('Where are my conversations stored?')
  await visitor.button('Stop the answer').click()
  await visitor.page.getByText('Stopped', { exact: false }).first().waitFor()
  await written()
})

test('an answer is given again, and both versions are there', async () => {
  await visitor.button('Answer again').last().click()
  await visitor.page.getByText('2 of 2').waitFor()
  await written()
  await visitor.button('Previous version').click()
  await visitor.page.getByText('1 of 2').waitFor()
})

test('a question is edited, and the old one stays', async () => {
  const question = visitor.page.getByRole('article', { name: 'You' }).last()
  await question.hover()
  await question.getByRole('button', { name: 'Edit' }).click()
  await visitor.page.getByRole('textbox', { name: 'Edit the question' }).fill('How is everything backed up?')
  await visitor.button('Ask again').click()
  await question.getByText('2 of 2').waitFor()
  await written()
  await visitor.look('versions')
})

test('search finds the first answer again, and leads to it', async () => {
  await visitor.page.goto('/chat')
  await composer().waitFor()
  await visitor.page.keyboard.press('Control+k')
  const search = visitor.page
    .getByRole('searchbox')
    .or(visitor.page.getByRole('combobox'))
    .or(visitor.page.getByLabel('Search for'))
    .first()
  await search.fill('agent')
  await visitor.page.locator('dialog mark').first().waitFor()
  await visitor.look('search')
  await search.press('ArrowDown')
  await visitor.page.keyboard.press('Enter')
  await visitor.page.waitForURL(/\/chat\/.+/)
  await answers().first().waitFor()
})

test('a conversation is deleted, and taken back', async () => {
  const options = visitor.button(/^Options for /).first()
  await options.click()
  await visitor.page.getByRole('menuitem', { name: 'Delete' }).click()
  await visitor.button('Undo').click()
  await options.waitFor()
  await visitor.page.getByRole('navigation', { name: 'Your conversations' }).getByRole('link').first().click()
  await visitor.page.waitForURL(/\/chat\/.+/)
})

test('logging out and in again comes back to where one was', async () => {
  const here = new URL(visitor.page.url()).pathname
  await visitor.page.getByRole('button', { name: grace.name }).click()
  await visitor.page.getByRole('menuitem', { name: 'Sign out' }).click()
  await visitor.page.waitForURL((url) => url.pathname === '/')
  await visitor.page.goto(here)
  await visitor.page.waitForURL(/\/login\?next=/)
  await visitor.button('Go on with Example Works').waitFor()
  await visitor.look('login')
  visitor.expectRefusal(/401/)
  await logIn('not the password')
  await visitor.page.getByText('The address or the password is not right.').waitFor()
  await visitor.look('login-wrong')
  await logIn(grace.password)
  await visitor.page.waitForURL(`**${here}`)
  await answers().first().waitFor()
})

test('the account shows the session, exports, and changes the name', async () => {
  await visitor.page.goto('/account')
  await visitor.page.getByText('This device').waitFor()
  await visitor.page.getByLabel('Current password').waitFor()
  await visitor.look('account')
  await visitor.fill('Name', 'Rear Admiral Hopper')
  await visitor.button('Save').click()
  await visitor.page.getByText('Saved').waitFor()
  const download = visitor.page.waitForEvent('download')
  await visitor.button('Download to read').click()
  expect((await download).suggestedFilename()).toMatch(/\.zip$/)
})

test('another device is logged out from here', async () => {
  const other = await Visitor.at(browser, stack.origin)
  await other.page.goto('/login?next=%2Faccount')
  await other.fill('E-mail address', grace.email)
  await other.fill('Password', grace.password)
  await other.button('Log in').click()
  await other.page.getByText('This device').waitFor()
  await visitor.page.reload()
  await visitor
    .button(/^Log out /)
    .first()
    .click()
  await visitor.page.getByText('Logged out there.').waitFor()
  await other.page.reload()
  await other.page.waitForURL(/\/login\?next=/)
  expect(other.complaints).toEqual([])
  await other.context.close()
})

test('a forgotten password is replaced by a link that works once', async () => {
  await visitor.button('Sign out').click()
  await visitor.page.waitForURL((url) => url.pathname === '/')
  await visitor.page.goto('/login')
  await visitor.page.getByRole('link', { name: 'Forgot it?' }).click()
  await visitor.fill('E-mail address', grace.email)
  await visitor.look('forgot')
  await visitor.button('Send the link').click()
  await visitor.page.getByRole('heading', { name: 'Look into your mailbox' }).waitFor()
  await visitor.look('forgot-sent')
  const link = await stack.mail('reset-password', grace.email)
  await visitor.page.goto(link)
  await visitor.fill('New password', changed)
  await visitor.look('reset')
  await visitor.button('Save the password').click()
  await visitor.page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
  await visitor.page.goto(link)
  await visitor.page.getByRole('heading', { name: 'This link has run out or was used already.' }).waitFor()
  await visitor.look('reset-expired')
  await visitor.page.goto('/login')
  await logIn(changed)
  await visitor.page.waitForURL('**/chat')
})

test('the widget chats on a page of its own', async () => {
  await visitor.page.goto('/widget')
  await visitor.button('Open the chat').click()
  await composer().waitFor()
  await visitor.look('widget')
})

test('deleting the account asks for the password, and takes everything along', async () => {
  await visitor.page.goto('/account')
  await visitor.button('Delete my account').click()
  await visitor.page.getByLabel('Your password, to be sure').waitFor()
  await visitor.look('account-delete')
  visitor.expectRefusal(/400/)
  await visitor.fill('Your password, to be sure', 'not the password')
  await visitor.button('Delete everything').click()
  await visitor.page.getByText('This is not your current password.').waitFor()
  await visitor.fill('Your password, to be sure', changed)
  await visitor.button('Delete everything').click()
  await visitor.page.waitForURL((url) => url.pathname === '/')
  await visitor.page.getByText('Your account and everything that belonged to it is deleted.').waitFor()
  visitor.expectRefusal(/401/)
  await visitor.page.goto('/login')
  await logIn(changed)
  await visitor.page.getByText('The address or the password is not right.').waitFor()
})

test('somebody comes in by an account elsewhere, and there is no password here', async () => {
  await visitor.page.goto('/login?next=%2Faccount')
  await visitor.button('Go on with Example Works').click()
  await visitor.page.waitForURL('**/account')
  await visitor.page.getByText(ada.email).waitFor()
  await visitor.page.getByText('You log in by another service').waitFor()
  await visitor.look('account-social')
  expect(visitor.complaints).toEqual([])
})
