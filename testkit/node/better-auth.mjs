// Better Auth as people run it: e-mail and password, PostgreSQL, and the plugins jwt, bearer and admin.
//
// Options: database, secret, basePath; unnamed (it does not know its own address), secureCookies, cookiePrefix,
// cookieCache (sessions in a cookie, as a JWT of its own key), rateLimit, requireSignature (of bearers),
// generateId ('uuid', 'serial'), jwks (keys of the plugin jwt).
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { admin, bearer, jwt } from 'better-auth/plugins'
import pg from 'pg'
import { answer, options, serve } from './owned.mjs'

const requests = {}

await serve(async (origin) => {
  const auth = betterAuth({
    secret: options.secret,
    basePath: options.basePath,
    // Without one Better Auth believes the Host header of each request.
    ...(!options.unnamed && { baseURL: origin }),
    database: new pg.Pool({ connectionString: options.database, max: 4 }),
    emailAndPassword: { enabled: true },
    user: { deleteUser: { enabled: true } },
    session: { cookieCache: { enabled: !!options.cookieCache, strategy: 'jwt' } },
    rateLimit: { enabled: !!options.rateLimit },
    advanced: {
      useSecureCookies: !!options.secureCookies,
      ...(options.cookiePrefix && { cookiePrefix: options.cookiePrefix }),
      ...(options.generateId && { database: { generateId: options.generateId } }),
    },
    databaseHooks: {
      user: {
        create: { before: async (user) => ({ data: { ...user, ...(user.email.startsWith('admin@') && { role: 'admin' }) } }) },
      },
    },
    plugins: [
      jwt({ sessionCookieCache: !!options.cookieCache, jwks: options.jwks }),
      bearer({ requireSignature: options.requireSignature }),
      admin(),
    ],
    logger: { level: 'error' },
    telemetry: { enabled: false },
  })
  const { runMigrations } = await getMigrations(auth.options)
  await runMigrations()
  const handler = toNodeHandler(auth)
  return (request, response) => {
    const { pathname } = new URL(request.url, origin)
    if (pathname === '/_requests') return answer(response, requests)
    requests[pathname] = (requests[pathname] ?? 0) + 1
    return handler(request, response)
  }
})
