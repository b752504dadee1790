// A server that belongs to a test: it says where it answers, and ends when the test does, however that one ends.
import { once } from 'node:events'
import { createServer } from 'node:http'

// The options of the test, as JSON.
export const options = JSON.parse(process.argv[2])

// Below the ports that systems hand out by themselves, so that nobody gets ours while a test has the server down.
const somePort = () => 20_000 + Math.floor(Math.random() * 12_000)

async function listen(server) {
  for (;;) {
    server.listen(options.port || somePort(), '127.0.0.1')
    try {
      return await once(server, 'listening')
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || options.port) throw error
    }
  }
}

// Listens before it knows how to answer, because issuers name themselves after their port. Who asks too early waits.
export async function serve(makeHandler) {
  let handler
  const server = createServer(async (request, response) => (await handler)(request, response))
  await listen(server)
  const origin = `http://127.0.0.1:${server.address().port}`
  handler = makeHandler(origin)
  await handler
  process.stdin.on('end', () => process.exit()).resume()
  console.log(`listening on ${origin}`)
}

export async function json(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString())
}

export function answer(response, value) {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}
