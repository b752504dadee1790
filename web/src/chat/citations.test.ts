import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { describe, expect, it } from 'vitest'
import type { Source } from '../api/client'
import { remarkCitations, withMarks } from './citations'

const source = (ordinal: number, span?: [number, number]): Source => ({
  ordinal,
  kind: 'url',
  metadata: {},
  ...(span && { span: { start: span[0], end: span[1] } }),
})

interface Node {
  type: string
  value?: string
  children?: Node[]
  data?: { hProperties: { dataOrdinal: string } }
}

/** The text with citations in braces. */
function read(text: string, sources: Source[]): string {
  const ordinals = new Set(sources.map(({ ordinal }) => ordinal))
  const processor = unified().use(remarkParse).use(remarkCitations(ordinals))
  const say = (node: Node): string =>
    node.type === 'citation'
      ? `{${node.data?.hProperties.dataOrdinal}}`
      : (node.value ?? (node.children ?? []).map(say).join(''))
  return say(processor.runSync(processor.parse(withMarks(text, sources))) as Node)
}

describe('citations', () => {
  it('stand where the agent wrote them, if the source is known', () => {
    expect(read('Tea [1] is hot [2][3].', [source(1), source(3)])).toBe('Tea{1} is hot [2]{3}.')
  })

  it('stand at the end of what a source supports, counted in characters as people do', () => {
    expect(read('🍵 Tea is hot. It cools.', [source(1, [0, 13]), source(2, [14, 23])])).toBe(
      '🍵 Tea is hot.{1} It cools.{2}',
    )
  })

  it('do not stand twice where the agent names its sources and tells the places', () => {
    expect(read('Tea [1] is hot.', [source(1, [0, 3])])).toBe('Tea{1} is hot.')
  })

  it('are not looked for in code or links', () => {
    expect(read('`a[1]` [x[1]](https://a)', [source(1)])).toBe('a[1] x[1]')
    expect(read('`let a` b', [source(1, [0, 5])])).toBe('let a b')
  })

  it('cannot be forged with the marks themselves', () => {
    expect(read('a\uE0001\uE001b', [source(1)])).toBe('a1b')
  })

  it('of a place beyond the text stand at its end', () => {
    expect(read('Tea', [source(1, [0, 99])])).toBe('Tea{1}')
  })
})
