// An agent on the Vercel AI SDK, as its documentation writes one. The model is scripted; all else is the real thing.
import { convertToModelMessages, stepCountIs, jsonSchema, streamText, tool } from 'ai'
import { MockLanguageModelV3, convertArrayToReadableStream } from 'ai/test'
import { json, serve } from './owned.mjs'

const usage = { inputTokens: { total: 12 }, outputTokens: { total: 5 } }
const finish = (unified) => ({ type: 'finish', finishReason: { unified, raw: unified }, usage })

// Thinks, looks something up, and answers with what it found; or fails where it is asked to.
function model() {
  const steps = [
    [
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'I had better look.' },
      { type: 'reasoning-end', id: 'r' },
      { type: 'tool-input-start', id: 'c', toolName: 'look' },
      { type: 'tool-input-delta', id: 'c', delta: '{"word":' },
      { type: 'tool-input-delta', id: 'c', delta: '"tea"}' },
      { type: 'tool-input-end', id: 'c' },
      { type: 'tool-call', toolCallId: 'c', toolName: 'look', input: '{"word":"tea"}' },
      finish('tool-calls'),
    ],
    [
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: 'Yes, ' },
      { type: 'text-delta', id: 't', delta: 'it is hot.' },
      { type: 'text-end', id: 't' },
      { type: 'source', sourceType: 'url', id: 's1', url: 'https://tea.example/', title: 'Tea' },
      { type: 'source', sourceType: 'document', id: 's2', mediaType: 'application/pdf', title: 'All of tea', filename: 'tea.pdf' },
      { type: 'file', mediaType: 'text/plain', data: 'dGVh' },
      finish('stop'),
    ],
  ]
  const failure = [{ type: 'text-start', id: 't' }, { type: 'text-delta', id: 't', delta: 'Yes' }, { type: 'error', error: new Error('out of tea') }]
  return new MockLanguageModelV3({
    doStream: async ({ prompt }) => {
      const asked = prompt.findLast(({ role }) => role === 'user').content[0].text
      const parts = asked === 'Fail' ? failure : steps.shift()
      return { stream: convertArrayToReadableStream([{ type: 'stream-start', warnings: [] }, ...parts]) }
    },
  })
}

const look = tool({
  inputSchema: jsonSchema({ type: 'object', properties: { word: { type: 'string' } } }),
  execute: async ({ word }) => ({ found: word }),
})

await serve(() => async (request, response) => {
  const { messages } = await json(request)
  const result = streamText({
    model: model(),
    messages: await convertToModelMessages(messages),
    tools: { look },
    stopWhen: stepCountIs(5),
    onError: () => {},
  })
  result.pipeUIMessageStreamToResponse(response, {
    sendSources: true,
    onError: (error) => error.message,
    messageMetadata: ({ part }) => (part.type === 'finish' ? { usage: part.totalUsage, model: 'scripted' } : undefined),
  })
})
