// A generic OpenID provider: discovery, access tokens as JWTs for one API, a person who signs in by a script.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import Provider from 'oidc-provider'
import { answer, json, options, serve } from './owned.mjs'

const SECRET = 'the-secret-of-a-client'
const CALLBACK = 'https://app.example.com/callback'
// This API takes opaque tokens; the configured one takes JWTs.
const OPAQUE = 'https://opaque.example.com'

function key() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(6).toString('hex'), alg: 'RS256', use: 'sig' }
}

function configuration(origin, keys) {
  const client = { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' }
  return {
    jwks: { keys },
    cookies: { keys: [SECRET] },
    clients: [
      { ...client, client_id: 'machine', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
      {
        ...client,
        client_id: 'web',
        grant_types: ['authorization_code'],
        redirect_uris: [CALLBACK],
        backchannel_logout_uri: `${origin}/_received`,
      },
    ],
    claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
    conformIdTokenClaims: false,
    // Its own refuses to call this machine.
    fetch: (url, { dispatcher, ...request }) => fetch(url, request),
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.com`, name: `Name of ${sub}` }),
    }),
    // Whoever signs in has consented.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId })
      grant.addOIDCScope('openid email profile')
      for (const resource of [options.resource, OPAQUE]) grant.addResourceScope(resource, 'chat')
      await grant.save()
      return grant
    },
    interactions: { url: (_, interaction) => `/_interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'chat',
          audience: resource,
          accessTokenFormat: resource === OPAQUE ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: { AccessToken: 900, ClientCredentials: 900, IdToken: 900, Grant: 900, Interaction: 900, Session: 900 },
  }
}

function form(url, fields) {
  return fetch(url, { method: 'POST', body: new URLSearchParams({ client_secret: SECRET, ...fields }) })
}

// The authorization code flow, as a browser would walk it.
async function signIn(origin, account, resource) {
  const verifier = randomBytes(32).toString('hex')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  const query = new URLSearchParams({
    client_id: 'web',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email profile chat',
    resource,
    login_hint: account,
    code_challenge: Buffer.from(digest).toString('base64url'),
    code_challenge_method: 'S256',
  })
  const cookies = new Map()
  let next = `${origin}/auth?${query}`
  while (!next.startsWith(CALLBACK)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(next, { redirect: 'manual', headers: { cookie } })
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = set.match(/^([^=]+)=([^;]*)/)
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (!location) throw new Error(`no way on from ${next}: ${response.status} ${await response.text()}`)
    next = new URL(location, origin).href
  }
  const code = new URL(next).searchParams.get('code')
  const fields = { client_id: 'web', grant_type: 'authorization_code', code, redirect_uri: CALLBACK, resource }
  return (await form(`${origin}/token`, { ...fields, code_verifier: verifier })).json()
}

await serve((origin) => {
  let keys, provider, received
  // The newest key signs; the old ones stay published.
  const rotate = () => {
    keys = [key(), ...(keys ?? [])]
    provider = new Provider(origin, configuration(origin, keys))
  }
  rotate()
  const control = {
    '/_rotate': async () => (rotate(), {}),
    '/_sign_in': async ({ account, resource }) => signIn(origin, account, resource ?? OPAQUE),
    '/_machine': async ({ resource }) => {
      const fields = { client_id: 'machine', grant_type: 'client_credentials', scope: 'chat', resource: resource ?? OPAQUE }
      return (await form(`${origin}/token`, fields)).json()
    },
    '/_logout_token': async ({ account }) => {
      await (await provider.Client.find('web')).backchannelLogout(account, 'a-session')
      return { logout_token: received }
    },
  }
  return async (request, response) => {
    const { pathname } = new URL(request.url, origin)
    if (pathname in control) return answer(response, await control[pathname](await json(request)))
    if (pathname === '/_received') {
      let body = ''
      for await (const chunk of request) body += chunk
      received = new URLSearchParams(body).get('logout_token')
      return response.end()
    }
    if (pathname.startsWith('/_interaction/')) {
      const { params } = await provider.interactionDetails(request, response)
      return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } })
    }
    return provider.callback()(request, response)
  }
})
