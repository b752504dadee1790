// The system's Chromium, and what is asked of every screen: nothing in the console, nothing serious by axe, no sideways scrolling.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** Screens that the documentation shows. */
const shown = ['landing', 'login', 'chat', 'versions', 'search', 'widget', 'account']
const screens = join(import.meta.dirname, '../../docs/screens')
const desk = { width: 1280, height: 800 }
const phone = { width: 320, height: 640 }

export function openBrowser(): Promise<Browser> {
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: executable(), args })
}

function executable(): string {
  const folders = (process.env.PATH ?? '').split(':')
  const found =
    process.env.CHROMIUM ?? folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync)
  if (!found) throw new Error('install Chromium (apt-get install chromium), or say in CHROMIUM where it is')
  return found
}

/** Somebody at a browser of their own. */
export class Visitor {
  readonly complaints: string[] = []
  readonly expected: RegExp[] = []

  readonly context: BrowserContext
  readonly page: Page

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
  }

  static async at(browser: Browser, origin: string): Promise<Visitor> {
    const context = await browser.newContext({
      baseURL: origin,
      viewport: desk,
      locale: 'en-GB',
      reducedMotion: 'reduce',
    })
    context.setDefaultTimeout(20_000)
    const page = await context.newPage()
    const visitor = new Visitor(context, page)
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return
      const text = `${message.text()} (${message.location().url})`
      const at = visitor.expected.findIndex((pattern) => pattern.test(text))
      if (at < 0) visitor.complaints.push(text)
      else visitor.expected.splice(at, 1)
    })
    page.on('pageerror', (error) => visitor.complaints.push(String(error)))
    return visitor
  }

  /** Browsers write every refused request into the console; this one is meant to be refused, once. */
  expectRefusal(pattern: RegExp) {
    this.expected.push(pattern)
  }

  button(name: string | RegExp) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' })
  }

  fill(label: string, text: string) {
    return this.page.getByLabel(label, { exact: true }).fill(text)
  }

  /** Looks at what is shown, in both themes, at a desk and on a phone. */
  async look(screen: string) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme })
      for (const size of [phone, desk]) {
        await this.page.setViewportSize(size)
        const where = `${screen}, ${colorScheme}, ${size.width} px`
        const beyond = () => this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        await expect.poll(beyond, { message: `${where}: scrolls sideways by` }).toBeLessThanOrEqual(0)
        expect(await this.violations(), where).toEqual([])
        if (process.env.SCREENS && shown.includes(screen)) {
          mkdirSync(screens, { recursive: true })
          await this.page.screenshot({ path: join(screens, `${screen}-${colorScheme}-${size.width}.png`) })
        }
      }
    }
    await this.page.emulateMedia({ colorScheme: 'light' })
    expect(this.complaints, screen).toEqual([])
  }

  private async violations(): Promise<string[]> {
    // Through the debugger's door: the page's policy lets no script of a test in.
    await this.page.evaluate(axe)
    const { violations } = await this.page.evaluate(() =>
      (window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe.run({
        resultTypes: ['violations'],
      }),
    )
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join('; ')}`)
  }
}
