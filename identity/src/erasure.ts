// Erases what the product keeps about a person, as that person.

/** Long, for a large history takes its time. */
const PATIENCE = 60_000

/** Done, or an error that says why not. Erasing twice is no error: somebody tries again after a failure half-way. */
export async function eraseProductData(gateway: URL, token: string): Promise<void> {
  const response = await fetch(new URL('users/me', gateway.href.replace(/\/?$/, '/')), {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
  })
  if (response.ok) return void (await response.arrayBuffer())
  const problem: unknown = await response.json().catch(() => ({}))
  const code = problem && typeof problem === 'object' && 'code' in problem ? String(problem.code) : 'no code'
  if (code !== 'user_erased') throw new Error(`the gateway answered ${response.status} (${code.slice(0, 60)})`)
}
