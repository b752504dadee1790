// Prints what clients make of a stream: AI SDK 5, 6 and 7, and AG-UI.
import { HttpAgent } from '@ag-ui/client'

const [chat, agUi] = process.argv.slice(2)
const read = {}
for (const version of [5, 6, 7]) {
  const { Chat } = await import(`react-${version}`)
  const { DefaultChatTransport } = await import(`ai-${version}`)
  const client = new Chat({ id: 'c', transport: new DefaultChatTransport({ api: chat }), onError: () => {} })
  await client.sendMessage({ text: 'hi' })
  read[version] = { status: client.status, error: client.error?.message, message: client.lastMessage }
}
const agent = new HttpAgent({ url: agUi, threadId: 't', initialMessages: [{ id: 'q', role: 'user', content: 'hi' }] })
read.agUi = await agent.runAgent().then(({ newMessages }) => ({ messages: newMessages }), (error) => ({ error: error.message }))
console.log(JSON.stringify(read))
process.exit(0)
