// Sends letters behind the backs of requests, so that no answer tells by its time or failure who has an account.
import { reason, type Log } from '../log.js'
import type { Letter } from './letters.js'

export type Deliver = (letter: Letter) => Promise<void>

const MOST_WAITING = 1_000
const PAUSES = [1_000, 5_000, 30_000]

export class Post {
  private readonly waiting = new Set<Promise<void>>()
  private readonly stop = new AbortController()

  constructor(
    private readonly deliver: Deliver,
    private readonly log: Log,
  ) {}

  send(letter: Letter): void {
    if (this.waiting.size >= MOST_WAITING) return this.log.error('a mail is lost: too many wait to be sent', { kind: letter.kind })
    const sent = this.attempt(letter).finally(() => this.waiting.delete(sent))
    this.waiting.add(sent)
  }

  /** Waits for what is being sent; nothing is tried again. */
  async drain(): Promise<void> {
    this.stop.abort()
    await Promise.all(this.waiting)
  }

  private async attempt(letter: Letter): Promise<void> {
    for (const pause of [...PAUSES, 0]) {
      try {
        return await this.deliver(letter)
      } catch (error) {
        const final = pause === 0 || this.stop.signal.aborted || refusedForGood(error)
        this.log[final ? 'error' : 'warn'](final ? 'a mail could not be sent' : 'a mail could not be sent yet', {
          kind: letter.kind,
          error: withoutAddresses(reason(error)),
        })
        if (final) return
        await this.pause(pause)
      }
    }
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.stop.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}

/** An SMTP server says with 5xx that trying again is of no use. */
const refusedForGood = (error: unknown) => Number((error as { responseCode?: unknown }).responseCode) >= 500

/** Mail servers repeat whom a mail was for. */
const withoutAddresses = (text: string) => text.replace(/[^\s<>"'(]+@[^\s<>"'),:]+/g, '…')
