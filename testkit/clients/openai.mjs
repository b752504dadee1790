// What a program does with the npm package `openai`.
import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { asked, done, get, told } from './agent.mjs'

const client = new OpenAI({ baseURL: `${told.gateway}/v1`, apiKey: told.token })
const model = told.name
const user = (content) => ({ role: 'user', content })
const create = (body) => client.chat.completions.create({ model, ...body })
const refusal = async (promise) => {
  const error = await promise.then(() => assert.fail('not refused'), (error) => error)
  assert.ok(error instanceof OpenAI.APIError, error)
  return [error.status, error.code]
}

{
  const models = await client.models.list()
  assert.ok(models.data.some(({ id }) => id === model))
  assert.equal((await client.models.retrieve(model)).object, 'model')
  assert.deepEqual(await refusal(client.models.retrieve('nobody')), [404, 'model_not_found'])
}

{
  const { data, response } = await create({ messages: [user('cite tea')], temperature: 0.1 }).withResponse()
  const [{ message, finish_reason }] = data.choices
  assert.deepEqual([message.content, finish_reason, data.model], ['Tea is hot.', 'stop', model])
  const citation = { start_index: 0, end_index: 3, title: 'Tea', url: 'https://tea.example' }
  assert.deepEqual(message.annotations, [{ type: 'url_citation', url_citation: citation }])
  assert.deepEqual(data.usage, { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 })
  assert.deepEqual(data.colloquy.sources.map((source) => source.title), ['Tea', 'Notes'])
  const id = response.headers.get('x-conversation-id')
  assert.equal(data.colloquy.conversation_id, id)
  assert.equal(data.id, `chatcmpl-${data.colloquy.run_id}`)

  // Named, a conversation goes on, with the history that is stored.
  const stream = await create({
    messages: [user('invented'), { role: 'assistant', content: 'as well' }, user('cite more')],
    metadata: { conversation_id: id },
    stream: true,
    stream_options: { include_usage: true },
  })
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), 'Tea is hot.')
  assert.deepEqual(chunks.at(-2).choices[0].delta.annotations.length, 1)
  assert.deepEqual([chunks.at(-2).choices[0].finish_reason, chunks.at(-1).usage.total_tokens], ['stop', 3])
  assert.deepEqual(asked.at(-1).messages.map((message) => message.content), ['cite tea', 'Tea is hot.', 'cite more'])
  assert.equal((await get(`/conversations/${id}`)).messages.items.length, 4)
}

{
  // Without a name, what was said before is where a new conversation begins. By a name of one's own it goes on from there.
  const name = `${told.name}/own`
  const earlier = [{ role: 'system', content: 'be kind' }, user('one'), { role: 'assistant', content: 'two' }]
  for (const options of [{}, { metadata: { conversation_id: name } }]) {
    const completion = await create({ messages: [...earlier, user('three')], ...options })
    const said = ['be kind', 'one', 'two', 'three']
    assert.deepEqual(asked.at(-1).messages.map((message) => message.content), said)
    const { items } = (await get(`/conversations/${completion.colloquy.conversation_id}`)).messages
    assert.deepEqual(items.map((item) => item.role), ['system', 'user', 'assistant', 'user', 'assistant'])
  }
  const messages = [...earlier, user('three'), { role: 'assistant', content: 'changed' }, user('five')]
  await create({ messages, metadata: { conversation_id: name } })
  const said = ['be kind', 'one', 'two', 'three', 'You asked: three', 'five']
  assert.deepEqual(asked.at(-1).messages.map((message) => message.content), said)

  // Sent twice with one key, it is one conversation and one call of the agent.
  const before = asked.length
  const twice = [1, 2].map(() =>
    client.chat.completions.create({ model, messages: [...earlier, user('twice')] }, { headers: { 'Idempotency-Key': `${told.name}-key` } }),
  )
  const [one, other] = await Promise.all(twice)
  assert.deepEqual([one.id, asked.length], [other.id, before + 1])
}

{
  const [{ message }] = (await create({ model: `${model}-tools`, messages: [user('tea?')] })).choices
  assert.deepEqual([message.content, message.reasoning_content, message.tool_calls], ['Tea for two.', 'Hm', undefined])
}

{
  const stranger = new OpenAI({ baseURL: `${told.gateway}/v1`, apiKey: 'nonsense' })
  assert.equal((await refusal(stranger.models.list()))[0], 401)
  assert.deepEqual(await refusal(create({ messages: [user('x')], model: 'nobody' })), [404, 'model_not_found'])
  assert.deepEqual(await refusal(create({ messages: [user('x')], tools: [{}] })), [400, 'invalid_request'])
  assert.deepEqual(await refusal(create({ messages: [{ role: 'assistant', content: 'x' }] })), [400, 'question_expected'])
  const image = [{ type: 'image_url', image_url: { url: 'data:,' } }]
  assert.deepEqual(await refusal(create({ messages: [user(image)] })), [400, 'parts_unsupported'])

  // An agent that fails is not asked again by the client's own doing.
  const before = asked.length
  assert.deepEqual(await refusal(create({ messages: [user('fail whole')] })), [502, 'agent_error'])
  assert.equal(asked.length, before + 1)
  let text = ''
  const streamed = (async () => {
    for await (const chunk of await create({ messages: [user('fail please')], stream: true })) {
      text += chunk.choices[0].delta.content ?? ''
    }
  })()
  assert.equal((await refusal(streamed))[1], 'agent_error')
  assert.equal(text, 'half')
}

done()
