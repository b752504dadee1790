// What the environment says, checked as a whole before anything starts.
import { Environment } from './environment.js'
import { isLoopback, type Peers } from './network.js'

/** How people log in besides a password. */
export interface Client {
  id: string
  secret: string
}

export interface OidcClient extends Client {
  issuer: string
  /** What the button says. */
  name: string
}

export type Mails = { kind: 'smtp'; url: string } | { kind: 'outbox'; folder: string }

export interface Config {
  /** Where requests come in: an address, or a socket that was handed over. */
  listen: { host: string; port: number } | { fd: number }
  databaseUrl: string
  /** What people see, with the path: `https://chat.example.com/api/auth`. */
  base: URL
  secret: string
  trustedOrigins: string[]
  /** Who may say where a client is. */
  trustedProxies: Peers
  gateway: URL
  appName: string
  mails: Mails
  mailFrom: string
  /** Whether an address has to be verified before its owner gets in. */
  requireVerification: boolean
  /** Attempts to log in, sign up or change what matters, by one address; 0 for no limit. */
  attemptsPerMinute: number
  google?: Client
  github?: Client
  oidc?: OidcClient
  logFormat: 'text' | 'json'
  /** Whether standard input ends when whoever started this does. */
  owned: boolean
}

/** Everything that is wrong, one line each. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(problems.join('\n'))
  }
}

export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const from = new Environment(variables)
  const base = from.url('BETTER_AUTH_URL') ?? unusable
  const smtp = from.url('SMTP_URL', { optional: true, protocols: ['smtp:', 'smtps:'], secret: true })
  const outbox = from.text('MAIL_OUTBOX', { optional: true })
  if (!smtp && !outbox) from.wrong('SMTP_URL', 'is missing, and so is MAIL_OUTBOX: mails have to go somewhere')
  if (smtp && !variables.MAIL_FROM) from.wrong('MAIL_FROM', 'is missing: SMTP_URL needs the address that mails come from')
  const appName = from.text('APP_NAME', { fallback: 'Colloquy' })

  const config: Config = {
    listen: from.listen('IDENTITY_LISTEN', '127.0.0.1:3000'),
    databaseUrl: from.databaseUrl(['IDENTITY_DATABASE_URL', 'DATABASE_URL']),
    base,
    secret: from.text('BETTER_AUTH_SECRET', { atLeast: 32 }),
    trustedOrigins: from.origins('TRUSTED_ORIGINS'),
    trustedProxies: from.peers('IDENTITY_TRUSTED_PROXIES', '127.0.0.0/8,::1/128'),
    gateway: from.url('GATEWAY_URL', { optional: true }) ?? new URL(base.origin),
    appName,
    mails: smtp ? { kind: 'smtp', url: smtp.href } : { kind: 'outbox', folder: outbox },
    mailFrom: from.mailbox('MAIL_FROM', `${appName} <no-reply@${base.hostname}>`),
    requireVerification: from.flag('REQUIRE_EMAIL_VERIFICATION', smtp !== undefined),
    attemptsPerMinute: from.count('IDENTITY_ATTEMPTS_PER_MINUTE', 20),
    logFormat: from.choice('LOG_FORMAT', ['text', 'json']),
    owned: from.flag('IDENTITY_OWNED', false),
  }
  for (const provider of ['google', 'github'] as const) {
    const client = from.client(provider.toUpperCase())
    if (client) config[provider] = client
  }
  const oidc = from.client('OIDC_LOGIN')
  const issuer = from.url('OIDC_LOGIN_ISSUER', { optional: true })
  const name = from.text('OIDC_LOGIN_NAME', { optional: true })
  if (oidc && issuer) config.oidc = { ...oidc, issuer: issuer.href.replace(/\/$/, ''), name: name || issuer.hostname }
  else if (oidc && !variables.OIDC_LOGIN_ISSUER) from.wrong('OIDC_LOGIN_ISSUER', 'is missing, and OIDC_LOGIN_CLIENT_ID is there')
  else if (issuer && !oidc) from.wrong('OIDC_LOGIN_CLIENT_ID', 'is missing, and OIDC_LOGIN_ISSUER is there')

  if (base !== unusable) {
    if (!/^\/.+[^/]$/.test(base.pathname)) from.wrong('BETTER_AUTH_URL', 'needs the path below which people reach this, /api/auth, without a slash at its end')
    if (base.search || base.hash || base.username) from.wrong('BETTER_AUTH_URL', 'is more than origin and path')
    if (base.protocol === 'http:' && !isLoopback(base.hostname)) from.wrong('BETTER_AUTH_URL', 'has to be https, but for this machine')
  }
  if (from.problems.length > 0) throw new ConfigError(from.problems)
  return config
}

/** In place of an address that is missing, so that the rest can be checked. */
const unusable = new URL('http://localhost/unusable')
