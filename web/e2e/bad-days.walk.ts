// What people read on bad days, and that nothing of theirs is lost.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, Visitor } from './browser'
import { type Stack, startStack } from './stack'

const alan = { name: 'Alan Turing', email: 'alan@example.com', password: 'on computable numbers' }

let stack: Stack
let browser: Browser

beforeAll(async () => {
  browser = await openBrowser()
  stack = await startStack({ sub: 'alan' }, { IDENTITY_ATTEMPTS_PER_MINUTE: '8' })
  const visitor = await Visitor.at(browser, stack.origin)
  await visitor.page.goto('/signup')
  await visitor.fill('Name', alan.name)
  await visitor.fill('E-mail address', alan.email)
  await visitor.fill('Password', alan.password)
  await visitor.button('Sign up').click()
  await visitor.page.waitForURL('**/chat')
  await visitor.context.close()
})

afterAll(async () => {
  await browser?.close()
  await stack?.stop()
})

async function logIn(visitor: Visitor, password = alan.password) {
  await visitor.fill('E-mail address', alan.email)
  await visitor.fill('Password', password)
  await visitor.button('Log in').click()
}

test('an address that is taken is said at the field', async () => {
  const visitor = await Visitor.at(browser, stack.origin)
  await visitor.page.goto('/signup')
  await visitor.fill('Name', 'Somebody')
  await visitor.fill('E-mail address', alan.email)
  await visitor.fill('Password', alan.password)
  visitor.expectRefusal(/422/)
  await visitor.button('Sign up').click()
  await visitor.page.getByText('There is already an account with this address. Log in instead.').waitFor()
  await visitor.look('signup-taken')
  await visitor.context.close()
})

test('a browser that keeps no cookies is told so', async () => {
  const visitor = await Visitor.at(browser, stack.origin)
  await visitor.page.route('**/api/auth/sign-in/email', async (route) => {
    const response = await route.fetch()
    const { 'set-cookie': _, ...headers } = response.headers()
    await visitor.context.clearCookies()
    await route.fulfill({ response, headers })
  })
  await visitor.page.goto('/login')
  await logIn(visitor)
  await visitor.page.getByText('Your browser does not keep cookies for this site').waitFor()
  await visitor.context.close()
})

test.each([
  ['behind', -3_600_000],
  ['ahead', 3_600_000],
])('a clock that is an hour %s does no harm', async (_, error) => {
  const visitor = await Visitor.at(browser, stack.origin)
  await visitor.context.clock.install({ time: Date.now() + error })
  await visitor.page.goto('/login')
  await logIn(visitor)
  await visitor.page.getByRole('textbox', { name: 'Your question' }).fill('What is kept?')
  await visitor.page.keyboard.press('Enter')
  await visitor.page.getByRole('article', { name: 'Answer' }).waitFor()
  expect(visitor.complaints).toEqual([])
  await visitor.context.close()
})

test('a session that ends while somebody writes costs them nothing', async () => {
  const visitor = await Visitor.at(browser, stack.origin)
  await visitor.page.goto('/login')
  await logIn(visitor)
  const composer = visitor.page.getByRole('textbox', { name: 'Your question' })
  await composer.fill('Half a thought, and the other')
  await visitor.context.clearCookies()
  await visitor.page.reload()
  await visitor.page.waitForURL(/\/login\?next=/)
  await logIn(visitor)
  await composer.waitFor()
  expect(await composer.inputValue()).toBe('Half a thought, and the other')
  await visitor.context.close()
})

test('log-in that does not answer is said, and what was written stays', async () => {
  const visitor = await Visitor.at(browser, stack.origin)
  await visitor.page.goto('/login')
  await visitor.button('Log in').waitFor()
  await visitor.page.route('**/api/auth/sign-in/**', (route) => route.abort('connectionrefused'))
  visitor.expectRefusal(/ERR_CONNECTION_REFUSED/)
  await logIn(visitor)
  await visitor.page.getByText('Log-in does not answer just now.').waitFor()
  expect(await visitor.page.getByLabel('E-mail address').inputValue()).toBe(alan.email)
  await visitor.look('login-unreachable')
  await visitor.context.close()
})

test('who tries too often is told how long to wait', async () => {
  const visitor = await Visitor.at(browser, stack.origin)
  await visitor.page.goto('/login')
  for (let attempt = 0; attempt < 10; attempt++) {
    visitor.expectRefusal(/40[0-9]|429/)
    const answer = visitor.page.waitForResponse('**/api/auth/sign-in/email')
    await logIn(visitor, `not the password ${attempt}`)
    if ((await answer).status() === 429) break
    await visitor.page.getByText('The address or the password is not right.').waitFor()
  }
  await visitor.page.getByText(/Too many attempts\. Try again in \d+ seconds\./).waitFor()
  await visitor.look('login-limited')
  await visitor.context.close()
})
