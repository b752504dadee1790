import { expect, test } from 'vitest'
import { toast } from './toasts'

test('a fourth message has the first one go, and tells it so', () => {
  const gone: string[] = []
  for (const text of ['first', 'second', 'third', 'fourth']) toast(text, { onGone: () => gone.push(text) })
  expect(gone).toEqual(['first'])
  toast('fifth')
  expect(gone).toEqual(['first', 'second'])
})
