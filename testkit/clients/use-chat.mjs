// What a page with `useChat` does, with the class that `useChat` wraps and its default transport, of AI SDK 5, 6 or 7.
import assert from 'node:assert/strict'
import { asked, done, get, headers, open, post, told, until } from './agent.mjs'
import { uiMessages } from './ui-messages.mjs'

const version = process.argv[2]
const { Chat } = await import(`react-${version}`)
const { DefaultChatTransport } = await import(`ai-${version}`)

const transport = () => new DefaultChatTransport({ api: `${told.gateway}/api/chat`, headers, body: { agent: told.name } })
const chatWith = (id, options = {}) => {
  const seen = { data: [], errors: [], finished: 0 }
  const chat = new Chat({
    id: `${told.name}/${id}`,
    transport: transport(),
    onData: (part) => seen.data.push(part),
    onError: (error) => seen.errors.push(error),
    onFinish: () => seen.finished++,
    ...options,
  })
  return Object.assign(chat, { seen })
}
const text = (message) => message.parts.filter((part) => part.type === 'text').map((part) => part.text).join('')
const conversationOf = (chat) => get(`/conversations/${chat.lastMessage.metadata.conversationId}`)
const times = (input) => asked.filter((question) => question.input === input).length

{
  const chat = chatWith('a chat')
  await chat.sendMessage({ text: 'cite tea' })
  assert.deepEqual([chat.status, chat.seen.errors, chat.seen.finished], ['ready', [], 1])
  const [question, answer] = chat.messages
  assert.equal(text(answer), 'Tea is hot.')
  assert.deepEqual(chat.seen.data.map((part) => [part.type, part.data]), [['data-chat-title', 'About tea']])
  const [url, document] = answer.parts.filter((part) => part.type.startsWith('source-'))
  assert.deepEqual([url.type, url.url, url.title], ['source-url', 'https://tea.example', 'Tea'])
  assert.deepEqual(url.providerMetadata.colloquy, {
    ordinal: 1, snippet: 'leaves', score: 0.9, span: { start: 0, end: 3 }, metadata: { page: 3 },
  })
  assert.deepEqual([document.type, document.title], ['source-document', 'Notes'])
  assert.equal(answer.metadata.status, 'completed')
  assert.deepEqual([answer.metadata.usage.inputTokens, answer.metadata.usage.outputTokens], [1, 2])

  // It is all saved, and a page that loads it again shows the same.
  const conversation = await conversationOf(chat)
  assert.deepEqual([conversation.title, conversation.client_id], ['About tea', chat.id])
  const reloaded = uiMessages(conversation.messages.items)
  assert.deepEqual(reloaded.map((message) => [message.role, text(message)]), [['user', 'cite tea'], ['assistant', 'Tea is hot.']])
  assert.equal(reloaded[1].id, answer.id)
  const sources = (message) => message.parts.filter((part) => part.type.startsWith('source-'))
  assert.deepEqual(sources(reloaded[1]), sources(answer))

  // The history is the stored one, whatever the client sends.
  chat.messages = []
  await chat.sendMessage({ text: 'more' })
  assert.deepEqual(asked.at(-1).messages.map((message) => message.content), ['cite tea', 'Tea is hot.', 'more'])

  await chat.regenerate()
  assert.equal(text(chat.lastMessage), 'You asked: more')
  let last = (await conversationOf(chat)).messages.items.at(-1)
  assert.deepEqual([last.id, last.siblings.count], [chat.lastMessage.id, 2])

  // An edit stands beside what was there; what is answered again is the edit, and an edit back is the first again.
  chat.messages = [question, answer]
  await chat.sendMessage({ text: 'edited', messageId: question.id })
  assert.deepEqual(asked.at(-1).messages.map((message) => message.content), ['edited'])
  await chat.regenerate()
  assert.equal(asked.at(-1).input, 'edited')
  let items = (await conversationOf(chat)).messages.items
  assert.deepEqual(items.map((item) => [item.content, item.siblings.count]), [['edited', 2], ['You asked: edited', 2]])
  await chat.sendMessage({ text: 'cite tea', messageId: question.id })
  items = (await conversationOf(chat)).messages.items
  assert.deepEqual(items.map((item) => [item.content, item.siblings.count]), [['cite tea', 2], ['Tea is hot.', 2]])

  // A page that was loaded again names our ids.
  const page = chatWith('a chat', { messages: uiMessages(items) })
  await page.sendMessage({ text: 'edited once more', messageId: page.messages[0].id })
  assert.equal((await conversationOf(page)).messages.items[0].siblings.count, 3)
  await page.regenerate({ messageId: page.lastMessage.id })
  last = (await conversationOf(page)).messages.items.at(-1)
  assert.deepEqual([last.content, last.siblings.count], ['You asked: edited once more', 2])
}

{
  // What an agent on another protocol did with its tools is shown as it happens, and again after a reload.
  const chat = chatWith('tools', {
    transport: new DefaultChatTransport({ api: `${told.gateway}/api/chat`, headers, body: { agent: `${told.name}-tools` } }),
  })
  await chat.sendMessage({ text: 'tea?' })
  assert.deepEqual([chat.status, text(chat.lastMessage)], ['ready', 'Tea for two.'])
  const [, reloaded] = uiMessages((await conversationOf(chat)).messages.items)
  for (const { parts } of [chat.lastMessage, reloaded]) {
    const known = parts.map((part) => part.type).filter((type) => type !== 'step-start')
    assert.deepEqual(known.sort(), ['data-leaves', 'reasoning', 'source-url', 'text', 'tool-kettle'])
    const tool = parts.find((part) => part.type === 'tool-kettle')
    assert.deepEqual([tool.state, tool.input, tool.output], ['output-available', { cups: 2 }, { hot: true }])
    assert.deepEqual(parts.find((part) => part.type === 'data-leaves').data, { left: 3 })
  }
}

{
  // A failure is an error with the words of the agent, and what came before stays; the question is answered again.
  for (const [question, code] of [['fail please', 'agent_error'], ['cut here', null]]) {
    const chat = chatWith(question)
    await chat.sendMessage({ text: question })
    assert.equal(chat.status, 'error')
    assert.deepEqual([text(chat.lastMessage), chat.lastMessage.metadata.status], ['half', 'failed'])
    if (code) assert.equal(chat.error.message, 'no tea')
    assert.equal(chat.lastMessage.metadata.error.message, chat.error.message)
    await chat.regenerate()
    assert.equal(times(question), 2)
  }
}

{
  const chat = chatWith('a file')
  await chat.sendMessage({ text: 'look', files: [{ type: 'file', mediaType: 'text/plain', url: 'data:,x' }] })
  assert.equal(JSON.parse(chat.error.message).code, 'parts_unsupported')
  const stranger = chatWith('a stranger', {
    transport: new DefaultChatTransport({ api: `${told.gateway}/api/chat` }),
  })
  await stranger.sendMessage({ text: 'hello' })
  assert.equal(JSON.parse(stranger.error.message).code, 'token_missing')
}

{
  // The connection is lost in the middle: the run goes on, and a page that comes back gets all of it.
  const question = 'wait for me'
  const chat = chatWith('drop/ped ö')
  const sent = chat.sendMessage({ text: question })
  await until(() => chat.lastMessage?.role === 'assistant' && text(chat.lastMessage) === 'first ')
  await chat.stop()
  await sent
  const { conversationId } = chat.lastMessage.metadata
  const items = (await get(`/conversations/${conversationId}`)).messages.items
  const page = chatWith('drop/ped ö', { messages: uiMessages(items) })
  const resumed = page.resumeStream()
  await until(() => text(page.lastMessage) === 'first ')
  open(question)
  await resumed
  assert.deepEqual([page.status, text(page.lastMessage), page.messages.length], ['ready', 'first last', 2])
  assert.deepEqual([page.lastMessage.id, times(question)], [chat.lastMessage.id, 1])

  // Just over, it is told again; by our own id, too. Where nothing ever was, there is nothing.
  const late = chatWith('', { id: conversationId, messages: uiMessages(items) })
  await late.resumeStream()
  assert.deepEqual([text(late.lastMessage), late.lastMessage.metadata.status], ['first last', 'completed'])
  const nothing = chatWith('nothing')
  await nothing.resumeStream()
  assert.deepEqual([nothing.status, nothing.messages, nothing.seen.errors], ['ready', [], []])
}

{
  // A stop names its run. What was written stays.
  const question = 'wait and stop'
  const chat = chatWith('stopped')
  const sent = chat.sendMessage({ text: question })
  await until(() => chat.lastMessage?.role === 'assistant' && text(chat.lastMessage) === 'first ')
  const path = `/api/chat/${encodeURIComponent(chat.id)}/stop`
  const { runId } = chat.lastMessage.metadata
  assert.equal((await post(path, { activeStreamId: 'another' })).status, 204)
  assert.equal((await get(`/runs/${runId}`)).status, 'running')
  assert.equal((await post(path, { activeStreamId: runId })).status, 204)
  await sent
  assert.deepEqual([chat.status, text(chat.lastMessage), chat.lastMessage.metadata.status], ['ready', 'first ', 'cancelled'])
  assert.equal((await conversationOf(chat)).messages.items.at(-1).status, 'cancelled')
  open(question)

  // Who asks the next question does not wait for the one before.
  const next = chat.sendMessage({ text: 'wait for the next' })
  await until(() => text(chat.lastMessage) === 'first ' && chat.lastMessage.metadata.status === undefined)
  await chat.stop()
  await next
  await chat.sendMessage({ text: 'the next' })
  assert.equal(text(chat.lastMessage), 'You asked: the next')
  const statuses = (await conversationOf(chat)).messages.items.map((item) => item.status)
  assert.deepEqual(statuses, ['completed', 'cancelled', 'completed', 'cancelled', 'completed', 'completed'])
}

{
  // The same message sent twice is one message and one call of the agent.
  const question = 'wait for both'
  const message = { id: `${told.name}-same`, role: 'user', parts: [{ type: 'text', text: question }] }
  const chats = [chatWith('twice'), chatWith('twice')]
  const sent = chats.map((chat) => chat.sendMessage(message))
  await until(() => chats.every((chat) => chat.messages.length === 2 && text(chat.lastMessage) === 'first '))
  open(question)
  await Promise.all(sent)
  assert.deepEqual(chats.map((chat) => text(chat.lastMessage)), ['first last', 'first last'])
  assert.deepEqual([chats[0].lastMessage.id, times(question)], [chats[1].lastMessage.id, 1])

  // The body of a customised transport.
  const body = { id: `${told.name}/own`, message, selectedChatModel: 'x', agent: told.name }
  const answer = await post('/api/chat', { ...body, message: { ...message, id: `${told.name}-own` } })
  open(question)
  assert.equal(answer.headers.get('x-vercel-ai-ui-message-stream'), 'v1')
  assert.ok((await answer.text()).endsWith('data: [DONE]\n\n'))
  assert.deepEqual(asked.at(-1).metadata, { selectedChatModel: 'x' })
}

{
  // Messages whose ids are unique in their own chat only, by a transport that sends the newest message alone.
  const small = new DefaultChatTransport({
    api: `${told.gateway}/api/chat`,
    headers,
    prepareSendMessagesRequest: ({ id, messages, trigger, messageId }) => ({
      body: { id, message: messages.at(-1), trigger, messageId, agent: told.name },
    }),
  })
  const message = (text) => ({ id: `${told.name}-1`, role: 'user', parts: [{ type: 'text', text }] })
  for (const [id, question] of [['one', 'mine'], ['another', 'mine'], ['a third', 'yours']]) {
    const chat = chatWith(id, { transport: small })
    await chat.sendMessage(message(question))
    assert.deepEqual([text(chat.lastMessage), chat.seen.errors], [`You asked: ${question}`, []])
    await chat.regenerate()
    await chat.sendMessage({ text: 'edited', messageId: chat.messages[0].id })
    await chat.regenerate()
    const { items } = (await conversationOf(chat)).messages
    assert.deepEqual(items.map((item) => [item.content, item.siblings.count]), [['edited', 2], ['You asked: edited', 2]])
  }
}

done()
