import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { beforeEach, expect, test, vi } from 'vitest'
import { tokens } from '../session/session'
import { Toasts } from '../ui/toasts'
import { finishRemovals, useRemove } from './removal'

const sent: string[] = []

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  sent.length = 0
  tokens.forget()
  const payload = btoa(JSON.stringify({ iat: 0, exp: 900 }))
  vi.stubGlobal('fetch', async (input: Request | string) => {
    if (typeof input === 'string') return Response.json({ token: `.${payload}.` })
    sent.push(`${input.method} ${new URL(input.url).pathname}`)
    return new Response(null, { status: 204 })
  })
})

let remove: ReturnType<typeof useRemove>

function Page() {
  remove = useRemove()
  return <Toasts />
}

/** A page where a conversation has just been deleted. */
function deleted(id: string, onUndone?: () => void) {
  const place = document.body.appendChild(document.createElement('div'))
  const page = (
    <QueryClientProvider client={new QueryClient()}>
      <Page />
    </QueryClientProvider>
  )
  act(() => createRoot(place).render(page))
  act(() => remove({ id, title: 'Engines' }, onUndone))
  const button = (text: string) => [...place.querySelectorAll('button')].find((one) => one.textContent === text)
  return { undo: () => button('Undo') }
}

test('what was deleted is gone before its person signs out, and once', async () => {
  const page = deleted('one')
  await act(finishRemovals)
  await act(finishRemovals)
  expect(sent).toEqual(['DELETE /conversations/one'])
  expect(page.undo()).toBeUndefined()
})

test('what was taken back is not deleted, and its page is told', async () => {
  const undone = vi.fn()
  const page = deleted('two', undone)
  act(() => page.undo()?.click())
  await act(finishRemovals)
  expect([sent, undone.mock.calls.length]).toEqual([[], 1])
})
