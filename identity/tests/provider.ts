// A real OpenID provider on this machine, and a person who logs in there. The web app's walk uses it too.
import { createServer } from 'node:http'
// @ts-expect-error it brings no types along
import Provider from 'oidc-provider'
import { freePort } from './port.js'

export interface Person {
  sub: string
  email?: string
  email_verified?: boolean
  name?: string
}

export interface OpenProvider {
  issuer: string
  open: () => Promise<void>
  close: () => void
}

export const CLIENT = { id: 'colloquy', secret: 'the-secret-of-a-client-of-a-provider' }

/** Whoever logs in there is `person`, who has consented. */
export async function openProvider(callback: string, person: () => Person): Promise<OpenProvider> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const oidc = new Provider(issuer, {
    cookies: { keys: ['a-key-for-cookies'] },
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [callback], token_endpoint_auth_method: 'client_secret_post' }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => ({ ...person(), sub }) }),
    loadExistingGrant: async ({ oidc }: any) => {
      const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    interactions: { url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 900, IdToken: 900, Grant: 900, Interaction: 900, Session: 900 },
  })
  const server = createServer((request, response) => {
    if (!request.url!.startsWith('/interaction/')) return oidc.callback()(request, response)
    return oidc.interactionFinished(request, response, { login: { accountId: person().sub } })
  })
  const open = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = () => (server.close(), server.closeAllConnections())
  return { issuer, close, open }
}

/** Walks as a browser does from the provider's log-in page back to where it redirects. */
export async function logInThere(url: string, callback: string): Promise<string> {
  const cookies = new Map<string, string>()
  let next = url
  while (!next.startsWith(callback)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(next, { redirect: 'manual', headers: { cookie } })
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!
      cookies.set(name!, value!)
    }
    const location = response.headers.get('location')
    if (!location) throw new Error(`no way on from ${next}: ${response.status} ${await response.text()}`)
    next = new URL(location, next).href
  }
  return next
}
