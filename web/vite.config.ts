import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { type Connect, defineConfig, type Plugin } from 'vite'

const gateway = process.env.COLLOQUY_GATEWAY ?? 'http://127.0.0.1:8080'
const routes = [
  '/api',
  '/agents',
  '/citations',
  '/conversations',
  '/messages',
  '/runs',
  '/search',
  '/users',
  '/openapi.json',
]
// The gateway knows the way to identity; COLLOQUY_IDENTITY names it beside a gateway that does not. The first that fits counts.
const identity = process.env.COLLOQUY_IDENTITY
const proxy = {
  ...(identity && { '/api/auth': { target: identity } }),
  ...Object.fromEntries(routes.map((route) => [route, { target: gateway }])),
}

// What the gateway sends with the page, so that a build tried with `vite preview` meets the same rules.
const policy =
  "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"

/** Signs in with a token of `colloquy token` where no identity runs. Only Vite's servers have it, no build does. */
function tokenInsteadOfIdentity(token: string | undefined): Plugin {
  const answers: Record<string, unknown> = {}
  if (token) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const user = {
      id: claims.sub,
      email: claims.email ?? 'you@localhost',
      name: claims.name ?? '',
      emailVerified: true,
    }
    answers['/api/auth/token'] = { token }
    answers['/api/auth/get-session'] = { user, session: { id: 'dev', userId: claims.sub } }
  }
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const body = answers[request.url?.split('?')[0] ?? '']
    if (!body) return next()
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  }
  return {
    name: 'token-instead-of-identity',
    configureServer: (server) => void server.middlewares.use(answer),
    configurePreviewServer: (server) => void server.middlewares.use(answer),
  }
}

export default defineConfig({
  plugins: [react(), tailwindcss(), tokenInsteadOfIdentity(process.env.COLLOQUY_TOKEN)],
  build: {
    manifest: true,
    modulePreload: { polyfill: false },
    // An inlined asset would be a `data:` address, which the policy refuses for fonts.
    assetsInlineLimit: 0,
  },
  server: { proxy },
  preview: { proxy, headers: { 'content-security-policy': policy } },
})
