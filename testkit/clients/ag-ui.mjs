// What a frontend does with the HttpAgent of AG-UI.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { HttpAgent } from '@ag-ui/client'
import { asked, done, get, headers, open, told, until } from './agent.mjs'

const url = `${told.gateway}/ag-ui/${told.name}`
const agentOf = (threadId, messages = []) => new HttpAgent({ url, headers, threadId, initialMessages: messages })
const user = (content, id = randomUUID()) => ({ id, role: 'user', content })
const times = (input) => asked.filter((question) => question.input === input).length

async function run(agent, runId = randomUUID()) {
  const seen = { custom: {}, finished: null, error: null, text: '' }
  await agent.runAgent({ runId }, {
    onCustomEvent: ({ event }) => void ((seen.custom[event.name] ??= []).push(event.value)),
    onRunFinishedEvent: ({ event, outcome, pendingToolCallIds }) => void (seen.finished = { event, outcome, pendingToolCallIds }),
    onRunErrorEvent: ({ event }) => void (seen.error = event),
    onTextMessageContentEvent: ({ event }) => void (seen.text += event.delta),
  }).catch((error) => (seen.thrown = error))
  return seen
}

{
  const agent = agentOf(`${told.name}/a thread`)
  const question = user('cite tea')
  agent.addMessage(question)
  const runId = randomUUID()
  const seen = await run(agent, runId)
  assert.equal(seen.thrown, undefined)
  assert.deepEqual([seen.finished.event.runId, seen.finished.outcome, seen.finished.pendingToolCallIds], [runId, 'success', []])
  assert.deepEqual(seen.finished.event.usage, [{ inputTokens: 1, outputTokens: 2, totalTokens: 3 }])
  assert.deepEqual([seen.custom.title, seen.custom.source.length, seen.custom.sources[0].length], [['About tea'], 2, 2])
  const answer = agent.messages.at(-1)
  const [facts] = seen.custom.run
  assert.deepEqual([answer.role, answer.content, answer.id], ['assistant', 'Tea is hot.', facts.messageId])
  assert.deepEqual(answer.metadata.sources.map((source) => source.title), ['Tea', 'Notes'])
  const conversation = () => get(`/conversations/${facts.conversationId}`)
  assert.equal((await conversation()).messages.items[1].content, 'Tea is hot.')

  // The same run again is the same answer.
  const again = agentOf(agent.threadId, [question])
  assert.deepEqual([(await run(again, runId)).text, times('cite tea')], ['Tea is hot.', 1])

  // The history is the stored one, whatever the client sends.
  const next = agentOf(agent.threadId, [user('more')])
  await run(next)
  assert.deepEqual(asked.at(-1).messages.map((message) => message.content), ['cite tea', 'Tea is hot.', 'more'])

  // A known question is answered again; with another text it stands beside what it was.
  const anew = randomUUID()
  for (const _ of ['begins', 'joins']) {
    assert.equal((await run(agentOf(agent.threadId, [question]), anew)).text, 'Tea is hot.')
    assert.equal(times('cite tea'), 2)
  }
  let items = (await conversation()).messages.items
  assert.deepEqual(items.map((item) => item.siblings.count), [1, 2])
  await run(agentOf(agent.threadId, [{ ...question, content: 'edited' }]))
  items = (await conversation()).messages.items
  assert.deepEqual(items.map((item) => [item.content, item.siblings.count]), [['edited', 2], ['You asked: edited', 1]])

  // What surrounds the question reaches the agent.
  await agentOf(agent.threadId, [user('with state')]).runAgent({ forwardedProps: { page: 1 } })
  assert.deepEqual(asked.at(-1).metadata, { forwardedProps: { page: 1 } })
}

{
  const agent = new HttpAgent({ url: `${url}-tools`, headers, threadId: randomUUID(), initialMessages: [user('tea?')] })
  const seen = await run(agent)
  assert.deepEqual(agent.messages.map((message) => message.role), ['user', 'reasoning', 'assistant', 'tool', 'assistant'])
  const [, reasoning, { toolCalls }, tool, answer] = agent.messages
  assert.deepEqual([reasoning.content, tool.content, answer.content], ['Hm', '{"hot":true}', 'Tea for two.'])
  assert.deepEqual(toolCalls[0].function, { name: 'kettle', arguments: '{"cups":2}' })
  assert.deepEqual([seen.custom.data[0].name, seen.custom.data[0].data], ['leaves', { left: 3 }])
}

{
  const seen = await run(agentOf(`${told.name}/fails`, [user('fail please')]))
  assert.deepEqual([seen.text, seen.error.message, seen.error.code], ['half', 'no tea', 'agent_error'])
  const refused = await run(agentOf(`${told.name}/refused`, [user([{ type: 'image', source: { type: 'url', value: 'data:,' } }])]))
  assert.ok(refused.thrown.message.includes('parts_unsupported'), refused.thrown)
  const tools = await run(agentOf(`${told.name}/refused`, [user('x'), { id: 't', role: 'tool', toolCallId: 'c', content: 'y' }]))
  assert.ok(tools.thrown.message.includes('question_expected'), tools.thrown)
}

{
  // The connection is lost in the middle: the run goes on, and the same run is joined.
  const question = user('wait for me')
  const agent = agentOf(randomUUID(), [question])
  const runId = randomUUID()
  const lost = run(agent, runId)
  await until(() => agent.messages.at(-1).content === 'first ')
  agent.abortRun()
  await lost
  const back = agentOf(agent.threadId, [question])
  const joined = run(back, runId)
  await until(() => back.messages.at(-1).content === 'first ')
  open(question.content)
  const seen = await joined
  assert.deepEqual([seen.text, seen.finished.outcome, times(question.content)], ['first last', 'success', 1])
}

{
  // A run that is stopped says so.
  const agent = agentOf(randomUUID(), [user('wait and stop')])
  let runId
  agent.subscribe({ onCustomEvent: ({ event }) => void (runId = event.value.runId) })
  const stopped = run(agent)
  await until(() => agent.messages.at(-1).content === 'first ')
  const response = await fetch(`${told.gateway}/runs/${runId}/cancel`, { method: 'POST', headers })
  assert.equal(response.status, 200)
  assert.equal((await stopped).finished.outcome, 'cancelled')
}

done()
