// Delivers into a folder, for development: each mail as text and as HTML, and a list of them.
import { appendFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Letter } from './letters.js'

export interface Delivered {
  /** Of its files, without `.txt` and `.html`. */
  name: string
  text: string
}

/** Mails hold links that let people in: they are their owner's alone. */
const PRIVATE = { mode: 0o600 }
const NAME = /^\d{8}T\d{9}Z-\d+-[a-z-]+$/
const SHOWN = 50

export class Outbox {
  private count = 0

  constructor(
    readonly folder: string,
    private readonly from: string,
  ) {}

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
  }

  async deliver(letter: Letter): Promise<void> {
    const now = new Date().toISOString()
    // They sort by time, also those of one millisecond.
    const name = `${now.replace(/[-:.]/g, '')}-${String((this.count += 1)).padStart(4, '0')}-${letter.kind}`
    const head = [`From: ${this.from}`, `To: ${letter.to}`, `Date: ${now}`, `Subject: ${letter.subject}`]
    await writeFile(join(this.folder, `${name}.html`), letter.html, PRIVATE)
    await writeFile(join(this.folder, `${name}.txt`), `${head.join('\n')}\n\n${letter.text}`, PRIVATE)
    await appendFile(join(this.folder, 'mails.txt'), `${now}  ${letter.to}  ${letter.subject}  ${name}.txt\n`, PRIVATE)
  }

  /** The newest first. */
  async list(): Promise<Delivered[]> {
    const files = (await readdir(this.folder)).filter((file) => file.endsWith('.txt')).map((file) => file.slice(0, -4))
    const names = files.filter((name) => NAME.test(name)).sort().reverse().slice(0, SHOWN)
    return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(this.folder, `${name}.txt`), 'utf8') })))
  }

  /** As its reader would see it. */
  async html(name: string): Promise<string | undefined> {
    if (!NAME.test(name)) return undefined
    return readFile(join(this.folder, `${name}.html`), 'utf8').catch(() => undefined)
  }
}
