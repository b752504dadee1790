import { describe, expect, it } from 'vitest'
import { type ChatMessage, entriesOf, entryOf, entryOfLive, isStored } from './entry'
import { chain, message } from './message.fixture'

const live = (id: string, role: 'user' | 'assistant', text = '', metadata = {}): ChatMessage => ({
  id,
  role,
  metadata,
  parts: [{ type: 'text', text }],
})
const shown = (entries: ReturnType<typeof entriesOf>) => entries.map(({ id, live }) => (live ? `${id}*` : id)).join(' ')

describe('what the thread shows', () => {
  const items = chain('q1', 'a1', 'q2', 'a2')

  it('is the history and then the turn', () => {
    expect(shown(entriesOf(items, [live('q3', 'user'), live('a3', 'assistant')], undefined))).toBe(
      'q1 a1 q2 a2 q3* a3*',
    )
  })

  it('ends where an edit begins', () => {
    expect(shown(entriesOf(items, [live('q2', 'user'), live('a4', 'assistant')], 'a1'))).toBe('q1 a1 q2* a4*')
    expect(shown(entriesOf(items, [live('q1', 'user')], null))).toBe('q1*')
  })

  it('has a question once that is stored while its answer still comes', () => {
    const stored = [
      ...items,
      message('q3', 'a2', { client_id: 'mine' }),
      message('a3', 'q3', { role: 'assistant', status: 'streaming' }),
    ]
    expect(shown(entriesOf(stored, [live('mine', 'user'), live('a3', 'assistant')], undefined))).toBe(
      'q1 a1 q2 a2 mine* a3*',
    )
  })

  it('takes up a stream in place of the part that is stored', () => {
    const stored = [...items.slice(0, 3), message('a2', 'q2', { role: 'assistant', status: 'streaming' })]
    expect(shown(entriesOf(stored, [live('a2', 'assistant', 'so far')], undefined))).toBe('q1 a1 q2 a2*')
  })

  it('needs no turn that is stored', () => {
    const turn = [live('q2', 'user'), live('a2', 'assistant')]
    expect(isStored(items, turn)).toBe(true)
    expect(shown(entriesOf(items, turn, 'a1'))).toBe('q1 a1 q2 a2')
    expect(isStored([...items.slice(0, 3), message('a2', 'q2', { status: 'streaming' })], turn)).toBe(false)
    expect(isStored(items, [live('q9', 'user')])).toBe(false)
  })

  it('keeps the key of a question that becomes stored', () => {
    expect(entryOf(message('q', null, { client_id: 'mine' })).key).toBe(entryOfLive(live('mine', 'user')).key)
  })
})

describe('an arriving message', () => {
  it('tells of sources and tools as a stored one does', () => {
    const entry = entryOfLive({
      id: 'a',
      role: 'assistant',
      metadata: {},
      parts: [
        { type: 'dynamic-tool', toolName: 'kettle', toolCallId: 't', state: 'output-available', input: {}, output: {} },
        { type: 'text', text: 'Tea.' },
        {
          type: 'source-document',
          sourceId: 's1',
          mediaType: 'text/plain',
          title: 'Notes',
          providerMetadata: { colloquy: { ordinal: 1, url: 'notes.md', snippet: 'leaves' } },
        },
      ],
    })
    expect(entry).toMatchObject({
      status: 'streaming',
      text: 'Tea.',
      tools: [{ id: 't', name: 'kettle', state: 'done' }],
      sources: [{ ordinal: 1, kind: 'document', title: 'Notes', url: 'notes.md', snippet: 'leaves' }],
    })
  })

  it('whose stream broke is still being written', () => {
    expect(entryOfLive(live('a', 'assistant', '', { status: 'lost' })).status).toBe('streaming')
  })
})
