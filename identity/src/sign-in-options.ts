// `GET /options`: what a log-in page needs to know. Nothing secret.
import type { BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import type { Config } from './config.js'
import { isLoopback } from './network.js'

export const PASSWORD = { min: 8, max: 128 }

export function signInOptions(config: Config) {
  const providers = [
    ...(config.google ? [{ id: 'google', name: 'Google' }] : []),
    ...(config.github ? [{ id: 'github', name: 'GitHub' }] : []),
    ...(config.oidc ? [{ id: 'oidc', name: config.oidc.name }] : []),
  ]
  const answer = {
    providers,
    email_verification: config.requireVerification,
    outbox: config.mails.kind === 'outbox' && isLoopback(config.base.hostname),
    password: PASSWORD,
  }
  return {
    id: 'sign-in-options',
    endpoints: { signInOptions: createAuthEndpoint('/options', { method: 'GET' }, async (context) => context.json(answer)) },
  } satisfies BetterAuthPlugin
}
