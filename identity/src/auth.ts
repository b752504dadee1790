// What this server makes of Better Auth: how people get in, what they may change, what is told by mail.
import { APIError, betterAuth, type BetterAuthOptions } from 'better-auth'
import { bearer, genericOAuth, jwt } from 'better-auth/plugins'
import type pg from 'pg'
import { CLIENT_HEADER } from './client.js'
import type { Config } from './config.js'
import { tables } from './database.js'
import { eraseProductData } from './erasure.js'
import { reason, type Log } from './log.js'
import { letters } from './mail/letters.js'
import type { Post } from './mail/post.js'
import { attempts } from './rate.js'
import { noteError } from './request.js'
import { PASSWORD, signInOptions } from './sign-in-options.js'

const DAY = 24 * 60 * 60
const NO_TOKENS = { accessToken: null, refreshToken: null, idToken: null }

export type Auth = ReturnType<typeof makeAuth>

export function makeAuth(config: Config, pool: pg.Pool, post: Post, log: Log) {
  const { base } = config
  const letter = letters(config)
  const page = (path: string) => new URL(path, base.origin).href

  const auth = betterAuth({
    appName: config.appName,
    baseURL: base.origin,
    basePath: base.pathname,
    secret: config.secret,
    database: tables(pool),
    trustedOrigins: config.trustedOrigins,

    emailAndPassword: {
      enabled: true,
      minPasswordLength: PASSWORD.min,
      maxPasswordLength: PASSWORD.max,
      requireEmailVerification: config.requireVerification,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, url }) => {
        const link = new URL(url)
        // Without a page of the client's own, ours.
        if (!link.searchParams.get('callbackURL')) link.searchParams.set('callbackURL', '/reset-password')
        post.send(letter.resetPassword(user.email, link.href))
      },
      onPasswordReset: async ({ user }) => post.send(letter.passwordChanged(user.email, page('/forgot-password'))),
      onExistingUserSignUp: async ({ user }) => {
        post.send(letter.accountExists(user.email, page('/login'), page('/forgot-password')))
      },
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      autoSignInAfterVerification: true,
      sendVerificationEmail: async ({ user, url, token }) => {
        const link = new URL(url)
        if ((link.searchParams.get('callbackURL') ?? '/') === '/') link.searchParams.set('callbackURL', '/verify-email')
        const changes = purpose(token) === 'change-email-verification'
        post.send(changes ? letter.newAddress(user.email, link.href) : letter.verify(user.email, link.href))
      },
    },
    user: {
      changeEmail: {
        enabled: true,
        sendChangeEmailConfirmation: async ({ user, newEmail, url }) => {
          post.send(letter.confirmNewAddress(user.email, newEmail, url))
        },
      },
      deleteUser: {
        enabled: true,
        // Before the account goes, so that whoever cannot be erased can still log in and try again.
        beforeDelete: async ({ id, email, name }) => {
          try {
            const { token } = await auth.api.signJWT({ body: { payload: { sub: id, id, email, name, iat: Math.floor(Date.now() / 1000) } } })
            await eraseProductData(config.gateway, token)
          } catch (error) {
            log.error('an account stays: what belongs to it could not be erased', { error: reason(error) })
            throw new APIError('SERVICE_UNAVAILABLE', {
              code: 'PRODUCT_DATA_NOT_ERASED',
              message: 'Your account is still there: what belongs to it could not be erased. Try again in a while.',
            })
          }
        },
        afterDelete: async ({ email }) => post.send(letter.accountDeleted(email)),
      },
    },
    // What providers hand out is used once, to see who somebody is, and not kept.
    databaseHooks: {
      account: {
        create: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) },
        update: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) },
      },
    },
    socialProviders: {
      ...(config.google && { google: { clientId: config.google.id, clientSecret: config.google.secret } }),
      ...(config.github && { github: { clientId: config.github.id, clientSecret: config.github.secret } }),
    },

    rateLimit: { enabled: true, storage: 'memory', customRules: { '/**': attempts(config.attemptsPerMinute) } },
    advanced: {
      useSecureCookies: base.protocol === 'https:',
      ipAddress: { ipAddressHeaders: [CLIENT_HEADER] },
    },
    plugins: [
      jwt({
        jwks: { rotationInterval: 30 * DAY, gracePeriod: DAY },
        jwt: {
          issuer: base.origin,
          audience: base.origin,
          // It names no session and outlives its end: for how long, this says.
          expirationTime: '5m',
          // Not the picture, which would make every request of the product larger than servers allow.
          definePayload: ({ user: { id, email, name, emailVerified } }) => ({ id, email, name, emailVerified }),
        },
      }),
      bearer(),
      signInOptions(config),
      ...(config.oidc ? [oidc(config.oidc)] : []),
    ],
    // Where a person lands whose social login failed, with ?error=.
    onAPIError: { errorURL: page('/login'), onError: noteError },
    // Its warnings repeat what clients sent; its errors are told in one line each, and by their reason.
    logger: {
      level: 'error',
      log: (_, message, ...details) => {
        const error = details.find((detail) => detail instanceof Error)
        noteError(error)
        if (error) log.error('Better Auth could not do what it was asked to', { error: reason(error) })
        else log.warn('Better Auth refused a request', { reason: withoutValues(message) })
      },
    },
    telemetry: { enabled: false },
  } satisfies BetterAuthOptions)
  return auth
}

function oidc({ id, secret, issuer, name }: NonNullable<Config['oidc']>) {
  return genericOAuth({
    config: [
      {
        providerId: 'oidc',
        name,
        discoveryUrl: `${issuer}/.well-known/openid-configuration`,
        clientId: id,
        clientSecret: secret,
        scopes: ['openid', 'email', 'profile'],
        requireIdTokenVerification: true,
        // Logging out here is not logging out there.
        disableProviderLogout: true,
        // Who has no name there goes by the part of the address before the @.
        mapProfileToUser: ({ name, email }) => ({ name: name || String(email ?? '').split('@')[0] || '' }),
      },
    ],
  })
}

/** What a link in a mail is for. It was made here, a moment ago. */
function purpose(token: string): unknown {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return (JSON.parse(payload || '{}') as { requestType?: unknown }).requestType
}

/** What stands behind a colon is what somebody sent. */
const withoutValues = (message: unknown) => String(message).split(':', 1)[0]!.slice(0, 100)
