import { createAuthClient } from 'better-auth/react'

/** Better Auth's own client, for the forms. Who is signed in is asked of `useSession` of this folder. */
export const auth = createAuthClient({ baseURL: `${window.location.origin}/api/auth` })
