// An agent that does what the question says, and the scenario that it belongs to: it says where it answers, and is told
// where the gateway is.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

export const asked = []
const gates = new Map()

function gate(name) {
  if (!gates.has(name)) {
    let open
    const opened = new Promise((resolve) => (open = resolve))
    gates.set(name, { open, opened })
  }
  return gates.get(name)
}

// Lets the agent go on with the question of this text.
export const open = (question) => gate(question).open()

// What an agent on the AI SDK says that uses tools.
const tools = [
  { type: 'start' },
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'Hm' },
  { type: 'reasoning-end', id: 'r' },
  { type: 'tool-input-start', toolCallId: 'c', toolName: 'kettle' },
  { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"cups":2}' },
  { type: 'tool-input-available', toolCallId: 'c', toolName: 'kettle', input: { cups: 2 } },
  { type: 'tool-output-available', toolCallId: 'c', output: { hot: true } },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Tea for two.' },
  { type: 'text-end', id: 't' },
  { type: 'source-url', sourceId: 's', url: 'https://tea.example', title: 'Tea' },
  { type: 'data-leaves', data: { left: 3 } },
  { type: 'finish', finishReason: 'stop' },
]

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  if (request.url === '/tools') {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of tools) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    return response.end('data: [DONE]\n\n')
  }
  const question = JSON.parse(Buffer.concat(chunks).toString())
  asked.push(question)
  const say = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const { input } = question
  switch (input.split(' ')[0]) {
    case 'cite':
      say('delta', { text: 'Tea ' })
      say('source', { url: 'https://tea.example', title: 'Tea', snippet: 'leaves', score: 0.9, span: { start: 0, end: 3 }, page: 3 })
      say('source', { title: 'Notes' })
      say('title', { title: 'About tea' })
      say('delta', { text: 'is hot.' })
      say('usage', { input_tokens: 1, output_tokens: 2 })
      break
    case 'wait':
      say('delta', { text: 'first ' })
      await gate(input).opened
      say('delta', { text: 'last' })
      break
    case 'fail':
      say('delta', { text: 'half' })
      say('error', { message: 'no tea', code: 'kettle' })
      break
    case 'cut':
      say('delta', { text: 'half' })
      setImmediate(() => response.destroy())
      return
    default:
      say('delta', { text: 'You asked: ' })
      say('delta', { text: input })
  }
  say('done', {})
  response.end()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
console.log(JSON.stringify({ agent: `http://127.0.0.1:${server.address().port}` }))

// Ends with its test, however that one ends, and says so when it hangs.
process.stdin.on('end', () => process.exit(1))
setTimeout(() => {
  console.error('the scenario does not come to its end')
  process.exit(1)
}, 90_000).unref()

// What the test tells: gateway, token, and the name of this agent.
export const told = JSON.parse((await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value)
export const headers = { authorization: `Bearer ${told.token}` }

export async function get(path) {
  const response = await fetch(told.gateway + path, { headers })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

export async function post(path, body) {
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return fetch(told.gateway + path, init)
}

// Waits for something that happens elsewhere.
export async function until(condition) {
  for (;;) {
    const value = await condition()
    if (value) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export function done() {
  process.exit(0)
}
