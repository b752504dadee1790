// Reads variables, and collects what is wrong with them. A value that may be a secret is never repeated.
import { isAddress, parsePeers, type Peers } from './network.js'

interface TextRules {
  optional?: boolean
  fallback?: string
  atLeast?: number
}

interface UrlRules {
  optional?: boolean
  protocols?: string[]
  secret?: boolean
}

export class Environment {
  readonly problems: string[] = []

  constructor(private readonly variables: NodeJS.ProcessEnv) {}

  wrong(name: string, what: string): void {
    this.problems.push(`${name} ${what}`)
  }

  text(name: string, { optional = false, fallback = '', atLeast = 1 }: TextRules = {}): string {
    const value = this.variables[name]?.trim() || fallback
    if (!value && !optional) this.wrong(name, 'is missing')
    else if (value && value.length < atLeast) this.wrong(name, `is shorter than ${atLeast} characters`)
    return value
  }

  url(name: string, { optional = false, protocols = ['http:', 'https:'], secret = false }: UrlRules = {}): URL | undefined {
    const value = this.text(name, { optional })
    if (!value) return undefined
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url && protocols.includes(url.protocol) && url.hostname) return url
    const forms = protocols.map((protocol) => `${protocol}//…`).join(' or ')
    this.wrong(name, secret ? `is not of the form ${forms}` : `is not of the form ${forms}: ${JSON.stringify(value)}`)
    return undefined
  }

  /** The first of these variables that is there. */
  databaseUrl(names: string[]): string {
    const name = names.find((name) => this.variables[name]?.trim())
    if (!name) {
      this.wrong(names[0]!, `is missing, and so is ${names.slice(1).join(', ')}`)
      return ''
    }
    const value = this.text(name)
    if (!/^postgres(ql)?:\/\//.test(value)) this.wrong(name, 'is not of the form postgres://…')
    return value
  }

  listen(name: string, fallback: string): { host: string; port: number } | { fd: number } {
    const value = this.text(name, { fallback })
    const fd = /^fd:(\d+)$/.exec(value)
    if (fd) return { fd: Number(fd[1]) }
    const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d{1,5})$/.exec(value) ?? []
    if (!isAddress(host) || Number(port) > 65_535) this.wrong(name, `is not an address with a port, as 127.0.0.1:3000: ${JSON.stringify(value)}`)
    return { host, port: Number(port) }
  }

  origins(name: string): string[] {
    return this.list(name).map((value) => {
      const url = URL.canParse(value) ? new URL(value) : undefined
      if (url && /^https?:$/.test(url.protocol) && value.replace(/\/$/, '') === url.origin) return url.origin
      this.wrong(name, `has something that is not an origin, as https://app.example.com: ${JSON.stringify(value)}`)
      return value
    })
  }

  peers(name: string, fallback: string): Peers {
    return parsePeers(this.list(name, fallback), (value) => {
      this.wrong(name, `has something that is no address and no network, as 10.0.0.0/8: ${JSON.stringify(value)}`)
    })
  }

  mailbox(name: string, fallback: string): string {
    const value = this.text(name, { fallback })
    if (!/^([^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/.test(value)) {
      this.wrong(name, `is not a mail address, as Colloquy <no-reply@example.com>: ${JSON.stringify(value)}`)
    }
    return value
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.text(name, { fallback: String(fallback) })
    if (value !== 'true' && value !== 'false') this.wrong(name, `is neither true nor false: ${JSON.stringify(value)}`)
    return value === 'true'
  }

  count(name: string, fallback: number): number {
    const value = this.text(name, { fallback: String(fallback) })
    if (!/^\d{1,6}$/.test(value)) this.wrong(name, `is not a number from 0 on: ${JSON.stringify(value)}`)
    return Number(value)
  }

  /** The first of these choices is the default. */
  choice<const Choice extends string>(name: string, choices: [Choice, ...Choice[]]): Choice {
    const value = this.text(name, { fallback: choices[0] })
    const choice = choices.find((choice) => choice === value)
    if (!choice) this.wrong(name, `is none of ${choices.join(', ')}: ${JSON.stringify(value)}`)
    return choice ?? choices[0]
  }

  /** Both variables of a client, or neither. */
  client(prefix: string): { id: string; secret: string } | undefined {
    const [id, secret] = [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`].map((name) => this.text(name, { optional: true }))
    if (!id && !secret) return undefined
    if (!id) this.wrong(`${prefix}_CLIENT_ID`, `is missing, and ${prefix}_CLIENT_SECRET is there`)
    if (!secret) this.wrong(`${prefix}_CLIENT_SECRET`, `is missing, and ${prefix}_CLIENT_ID is there`)
    return id && secret ? { id, secret } : undefined
  }

  private list(name: string, fallback = ''): string[] {
    const values = this.text(name, { optional: true, fallback }).split(',')
    return values.map((value) => value.trim()).filter(Boolean)
  }
}
