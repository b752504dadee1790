// What this tab keeps for a person over reloads and log-ins: what is being written, and where they were.
const prefix = 'colloquy.kept.'

export const keptFor = (person: string, name: string) => `${prefix}${person}.${name}`

export function readKept(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

export function keep(key: string, text: string) {
  try {
    if (text) sessionStorage.setItem(key, text)
    else sessionStorage.removeItem(key)
  } catch {
    // Full or forbidden: it is in the page all the same.
  }
}

/** For those who leave on purpose; a session that merely ends costs nobody what they wrote. */
export function forgetKept() {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key)
  } catch {
    // Forbidden: then nothing was kept.
  }
}
