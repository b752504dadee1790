// How often one address may try what is worth guessing or annoying.
import { CLIENT_HEADER } from './client.js'

type Rule = { window: number; max: number }

const ATTEMPTS = ['/sign-in/', '/sign-up/', '/change-', '/delete-user', '/reset-password', '/verify-password']
const MAILS = ['/request-password-reset', '/send-verification-email']

/** Clients whose address nobody knows have one limit together, so much wider that one of them hardly shuts the others out. */
const TOGETHER = 10

export const attempts = (perMinute: number) => (request: Request, rule: Rule): false | Rule => {
  if (perMinute === 0) return false
  const known = request.headers.has(CLIENT_HEADER)
  const most = known ? perMinute : perMinute * TOGETHER
  const { pathname } = new URL(request.url)
  const below = (prefixes: string[]) => prefixes.some((prefix) => pathname.includes(prefix))
  if (below(MAILS)) return { window: 60, max: Math.max(1, Math.floor(most / 4)) }
  if (below(ATTEMPTS)) return { window: 60, max: most }
  return known && { window: 10, max: Math.max(rule.max, 100) }
}
