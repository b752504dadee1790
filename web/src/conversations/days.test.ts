import { expect, it } from 'vitest'
import type { Conversation } from '../api/client'
import { groupsOf } from './days'
import { conversationsOf, placed } from './list'

const conversation = (id: string, changed: Date | null, pinned = false): Conversation => ({
  id,
  pinned,
  archived: false,
  message_count: 1,
  preview: '',
  metadata: {},
  updated_at: changed?.toISOString() ?? null,
})

it('conversations stand under the day of their last change, by the clock of the reader', () => {
  const now = new Date(2026, 2, 10, 0, 30)
  const at = (month: number, day: number, hour = 12, year = 2026) => new Date(year, month, day, hour)
  const groups = groupsOf(
    [
      conversation('pinned', at(0, 1), true),
      conversation('just now', now),
      conversation('before midnight', at(2, 9, 23)),
      conversation('a week', at(2, 3, 1)),
      conversation('a month', at(1, 20)),
      conversation('january', at(0, 5)),
      conversation('last year', at(10, 5, 1, 2025)),
    ],
    now,
    'en',
  )
  expect(groups.map(({ title, items }) => `${title}: ${items.map(({ id }) => id)}`)).toEqual([
    'Pinned: pinned',
    'Today: just now',
    'Yesterday: before midnight',
    'Last 7 days: a week',
    'Last 30 days: a month',
    'January: january',
    'November 2025: last year',
  ])
})

it('a conversation that changed comes first among its kind', () => {
  const pinned = conversation('p', null, true)
  const [a, b] = [conversation('a', null), conversation('b', null)]
  const order = (items: Conversation[]) => items.map(({ id }) => id).join(' ')
  expect(order(placed([pinned, a, b], b))).toBe('p b a')
  expect(order(placed([pinned], a))).toBe('p a')
  expect(order(placed([pinned, a, b], { ...b, pinned: true }))).toBe('b p a')
  expect(order(placed([], a))).toBe('a')
})

it('a conversation that moved between two pages is shown once', () => {
  const items = ['a', 'b', 'c'].map((id) => conversation(id, null))
  const pages = [{ items: items.slice(0, 2) }, { items: items.slice(1) }]
  expect(conversationsOf(pages).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})
