// The key that tokens are signed with is there before anybody asks, made once, and can be used.
import type { Auth } from './auth.js'

/** Without a key, as many would be made as ask at the same time for the first. */
export async function prepareKeys(auth: Auth): Promise<void> {
  try {
    await auth.api.signJWT({ body: { payload: { sub: 'nobody' } } })
  } catch (error) {
    if (!/decrypt/i.test(String(error))) throw error
    throw new Error(
      'the signing keys in the database were made with another BETTER_AUTH_SECRET: put that one back, ' +
        'or delete the rows of identity.jwks, and everybody logs in again',
    )
  }
}
