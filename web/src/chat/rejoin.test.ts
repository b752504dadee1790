import { expect, it } from 'vitest'
import { mayRejoin, rejoinAfter } from './rejoin'

it('waits longer after each try, but never long, and not all at the same time', () => {
  const middle = () => 0.5
  expect([0, 1, 2, 3].map((tries) => rejoinAfter(tries, middle))).toEqual([500, 1000, 2000, 4000])
  expect(rejoinAfter(50, middle)).toBe(15_000)
  expect(rejoinAfter(0, () => 0)).toBeLessThan(rejoinAfter(0, () => 0.99))
})

it('what is not there just now is tried again, what is refused is not', () => {
  for (const status of [-1, 0, 429, 500, 503]) expect(mayRejoin({ status }), `${status}`).toBe(true)
  for (const status of [401, 403, 404, 422]) expect(mayRejoin({ status }), `${status}`).toBe(false)
})
