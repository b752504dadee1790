import { beforeEach, expect, test } from 'vitest'
import { forgetKept, keep, keptFor, readKept } from './kept'

beforeEach(() => sessionStorage.clear())

test('what is kept for one person is not there for another', () => {
  keep(keptFor('ada', 'draft.new'), 'Half a thought')
  expect(readKept(keptFor('ada', 'draft.new'))).toBe('Half a thought')
  expect(readKept(keptFor('grace', 'draft.new'))).toBe('')
  keep(keptFor('ada', 'draft.new'), '')
  expect(sessionStorage.length).toBe(0)
})

test('leaving takes all of it along, and nothing else', () => {
  for (const name of ['draft.new', 'draft.1', 'widget']) keep(keptFor('ada', name), name)
  sessionStorage.setItem('somebody.elses', 'stays')
  forgetKept()
  expect(Object.keys(sessionStorage)).toEqual(['somebody.elses'])
})
