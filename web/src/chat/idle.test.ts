import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { unlessIdle } from './idle'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function stream() {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given
    },
  })
  return { reader: unlessIdle(new Response(body), 1_000).body?.getReader(), controller }
}

it('a stream that gives signs of life goes on, and one that falls silent fails', async () => {
  const { reader, controller } = stream()
  for (const sign of [1, 2, 3]) {
    controller.enqueue(new Uint8Array([sign]))
    expect((await reader?.read())?.value).toEqual(new Uint8Array([sign]))
    await vi.advanceTimersByTimeAsync(900)
  }
  const next = expect(reader?.read()).rejects.toThrow('silent')
  await vi.advanceTimersByTimeAsync(101)
  await next
})

it('a stream that ends leaves nothing behind', async () => {
  const { reader, controller } = stream()
  controller.close()
  expect((await reader?.read())?.done).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

it('what is no stream is handed on as it is', () => {
  const refused = new Response('{}', { status: 503 })
  expect(unlessIdle(refused)).toBe(refused)
})
