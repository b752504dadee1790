import { describe, expect, it } from 'vitest'
import { blocksOf } from './blocks'

describe('blocks', () => {
  it('are cut at blank lines', () => {
    expect(blocksOf('# One\n\ntwo\ntwo\n\n\nthree')).toEqual(['# One', 'two\ntwo', 'three'])
  })

  it('keep code whole, also while it is being written', () => {
    expect(blocksOf('a\n\n```js\nx\n\ny\n```\n\nb')).toEqual(['a', '```js\nx\n\ny\n```', 'b'])
    expect(blocksOf('a\n\n~~~~\nx\n\n~~~\n\ny')).toEqual(['a', '~~~~\nx\n\n~~~\n\ny'])
  })

  it('keep what goes on after a blank line', () => {
    expect(blocksOf('1. one\n\n2. two\n\n   more\n\nend')).toEqual(['1. one\n\n2. two\n\n   more', 'end'])
  })

  it('are one where a definition serves them all', () => {
    const text = 'see [a]\n\nmore\n\n[a]: https://a'
    expect(blocksOf(text)).toEqual([text])
  })

  it('change only at the end when text is added', () => {
    const text = 'one\n\n- a\n- b\n\ntwo\n\n```\ncode\n\ncode\n```\n\nthree\n\nfour'
    for (let end = 1; end <= text.length; end++) {
      const before = blocksOf(text.slice(0, end - 1))
      // The last one grows, and may turn out to go on the one before.
      const rest = before.slice(0, -2)
      expect(blocksOf(text.slice(0, end)).slice(0, rest.length)).toEqual(rest)
    }
  })
})
