// How often one address may try what is worth guessing or annoying.
import { CLIENT_HEADER } from './client.js'

type Rule = { window: number; max: number }

const ATTEMPTS = ['/sign-in/', '/sign-up/', '/change-', '/delete-user', '/reset-password', '/verify-password']
const MAILS = ['/request-password-reset', '/send-verification-email']

/** Where nobody knows the address of a client, nothing is limited: together, one of them could shut the others out. */
export const attempts = (perMinute: number) => (request: Request, rule: Rule): false | Rule => {
  if (perMinute === 0 || !request.headers.has(CLIENT_HEADER)) return false
  const { pathname } = new URL(request.url)
  const below = (prefixes: string[]) => prefixes.some((prefix) => pathname.includes(prefix))
  if (below(MAILS)) return { window: 60, max: Math.max(1, Math.floor(perMinute / 4)) }
  return below(ATTEMPTS) ? { window: 60, max: perMinute } : { window: 10, max: Math.max(rule.max, 100) }
}
