// AIMock: chat completions as OpenAI's servers write them, and AG-UI.
import { AGUIMock, LLMock } from '@copilotkit/aimock'

const mock = new LLMock({ port: 0, chunkSize: 4 })
const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 }
mock.onMessage('Is it hot?', { content: 'Yes, it is hot.', reasoning: 'Tea is hot.', usage })
mock.onMessage('Look it up', { toolCalls: [{ id: 'call_1', name: 'look', arguments: '{"word":"tea"}' }] })
mock.onMessage('Fail', { error: { message: 'out of tea', type: 'server_error' }, status: 500 })
mock.onMessage('Break off', { content: 'Yes, it is hot. Very hot indeed.' }, { truncateAfterChunks: 3 })

const agent = new AGUIMock()
agent.onMessage('Is it hot?', 'Yes, it is hot.')
agent.onToolCall('Look it up', 'look', '{"word":"tea"}', { result: '{"found":"tea"}' })
mock.mount('/agent', agent)

await mock.start()
process.stdin.on('end', () => process.exit()).resume()
console.log(`listening on ${mock.url}`)
