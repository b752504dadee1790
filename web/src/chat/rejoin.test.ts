import { expect, it } from 'vitest'
import { rejoinAfter } from './rejoin'

it('waits longer after each try, but never long, and not all at the same time', () => {
  const middle = () => 0.5
  expect([0, 1, 2, 3].map((tries) => rejoinAfter(tries, middle))).toEqual([500, 1000, 2000, 4000])
  expect(rejoinAfter(50, middle)).toBe(15_000)
  expect(rejoinAfter(0, () => 0)).toBeLessThan(rejoinAfter(0, () => 0.99))
})
