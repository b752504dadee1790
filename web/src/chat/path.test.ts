import { describe, expect, it } from 'vitest'
import { chain, message } from './message.fixture'
import { merged, withNewer, withOlder } from './path'

const ids = (path: { items: readonly { id: string }[] }) => path.items.map((item) => item.id).join(' ')

describe('the newest page', () => {
  const loaded = { items: chain('a', 'b', 'c', 'd'), older: 'before a', newer: null }

  it('goes behind what is loaded and keeps the way to what is older', () => {
    const path = merged(loaded, { items: chain('a', 'b', 'c', 'd', 'e', 'f').slice(2), next_cursor: 'before c' })
    expect([ids(path), path.older]).toEqual(['a b c d e f', 'before a'])
  })

  it('follows what is loaded without sharing a message', () => {
    const path = merged(loaded, { items: [message('e', 'd'), message('f', 'e')], next_cursor: 'before e' })
    expect(ids(path)).toBe('a b c d e f')
  })

  it('takes the place of another branch from where they part', () => {
    const path = merged(loaded, { items: [message('b', 'a'), message('c2', 'b')], next_cursor: 'before b' })
    expect([ids(path), path.older]).toEqual(['a b c2', 'before a'])
  })

  it('stands alone where it has nothing to do with what is loaded', () => {
    const path = merged(loaded, { items: [message('x', 'w')], next_cursor: 'before x' })
    expect([ids(path), path.older]).toEqual(['x', 'before x'])
  })

  it('replaces the root when the first question was edited', () => {
    expect(ids(merged(loaded, { items: [message('a2', null), message('b2', 'a2')] }))).toBe('a2 b2')
  })

  it('of a conversation without messages is empty', () => {
    expect(merged(loaded, { items: [] })).toEqual({ items: [], older: null, newer: null })
  })
})

describe('pages beside what is loaded', () => {
  const path = { items: chain('c', 'd'), older: 'o', newer: 'n' }

  it('add each message once', () => {
    expect(ids(withOlder(path, { items: chain('a', 'b', 'c'), next_cursor: null }))).toBe('a b c d')
    expect(ids(withNewer(path, { items: chain('d', 'e'), prev_cursor: null }))).toBe('c d e')
  })

  it('move only their own end', () => {
    expect(withOlder(path, { items: [], next_cursor: 'o2', prev_cursor: 'x' })).toMatchObject({
      older: 'o2',
      newer: 'n',
    })
    expect(withNewer(path, { items: [], next_cursor: 'x', prev_cursor: null })).toMatchObject({
      older: 'o',
      newer: null,
    })
  })
})
