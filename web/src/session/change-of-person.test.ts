import { QueryClient } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { afterChangeOfPerson } from './change-of-person'

const ada = { user: { id: 'ada' } }
const grace = { user: { id: 'grace' } }

function known() {
  const client = new QueryClient()
  client.setQueryData(['session'], ada)
  client.setQueryData(['conversations', {}], ['of Ada'])
  let forgotten = 0
  return { client, tokens: { forget: () => void forgotten++ }, forgotten: () => forgotten }
}

test.each([
  ['somebody else', grace],
  ['nobody', null],
])('what was known for one person is gone when it is %s', (_, now) => {
  const { client, tokens, forgotten } = known()
  afterChangeOfPerson(client, tokens, ada, now)
  expect(client.getQueryData(['conversations', {}])).toBeUndefined()
  expect(client.getQueryData(['session'])).toEqual(ada)
  expect(forgotten()).toBe(1)
})

test.each([
  ['the same person', ada, { user: { ...ada.user } }],
  ['the first answer', undefined, ada],
])('it stays for %s', (_, before, now) => {
  const { client, tokens, forgotten } = known()
  afterChangeOfPerson(client, tokens, before, now)
  expect(client.getQueryData(['conversations', {}])).toEqual(['of Ada'])
  expect(forgotten()).toBe(0)
})
