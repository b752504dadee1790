import type { Problem } from '../session/problem'

const first = 500
const longest = 15_000

/** How many milliseconds to wait before the nth try to get back to a stream, counted from 0. */
export function rejoinAfter(tries: number, random = Math.random): number {
  return Math.min(longest, first * 2 ** tries) * (0.75 + random() / 2)
}

/** Whether a stream that was not given may be given later: nobody answered, or not just now. */
export function mayRejoin({ status }: Pick<Problem, 'status'>): boolean {
  return status <= 0 || status === 429 || status >= 500
}
