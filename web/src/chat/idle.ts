/** Longer than the pause between two signs of life of the gateway, which sends one every 10 seconds. */
const longest = 25_000

/** A stream that falls silent has lost its connection, even if nobody told the browser so. */
export function unlessIdle(response: Response, limit = longest): Response {
  if (!response.ok || !response.body) return response
  let timer: ReturnType<typeof setTimeout> | undefined
  const watched = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => watch(controller),
    transform(chunk, controller) {
      watch(controller)
      controller.enqueue(chunk)
    },
    flush: () => clearTimeout(timer),
  })
  function watch(controller: TransformStreamDefaultController<Uint8Array>) {
    clearTimeout(timer)
    timer = setTimeout(() => controller.error(new TypeError('network: the stream fell silent')), limit)
  }
  const { status, headers } = response
  return new Response(response.body.pipeThrough(watched), { status, headers })
}
