const first = 500
const longest = 15_000

/** How many milliseconds to wait before the nth try to get back to a stream, counted from 0. */
export function rejoinAfter(tries: number, random = Math.random): number {
  return Math.min(longest, first * 2 ** tries) * (0.75 + random() / 2)
}
