// What this server says about itself, in lines. Nothing that a client sent, no secret, no address of a person.

export interface Log {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

type Fields = Record<string, string | number>

/** What may be told about an error: its kind and words, never its fields, which hold queries and answers. */
export function reason(error: unknown): string {
  const words: string[] = []
  for (let cause = error; cause && words.length < 4; cause = cause instanceof Error ? cause.cause : undefined) {
    const { code } = cause as { code?: unknown }
    const text = cause instanceof Error ? cause.message || cause.name : String(cause)
    words.push(typeof code === 'string' && !text.includes(code) ? `${text} (${code})` : text)
  }
  return words.join(': ').slice(0, 500)
}

export function logTo(write: (line: string) => void, format: 'text' | 'json'): Log {
  const say = (level: string) => (message: string, fields: Fields = {}) => {
    const time = new Date().toISOString()
    if (format === 'json') return write(`${JSON.stringify({ timestamp: time, level, message, ...fields, service: 'identity' })}\n`)
    const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    write(`${time} ${level.padStart(5)} identity: ${message}${rest.join('')}\n`)
  }
  return { info: say('INFO'), warn: say('WARN'), error: say('ERROR') }
}
