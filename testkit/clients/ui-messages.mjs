// Stored messages as `useChat` wants them, from `messages.items` of `GET /conversations/{id}`. Take it along.
export function uiMessages(items) {
  return items.map((item) => ({ id: item.id, role: item.role, metadata: metadata(item), parts: parts(item) }))
}

function metadata({ status, created_at: createdAt, conversation_id: conversationId, error }) {
  return { status, createdAt, conversationId, ...(error && { error }) }
}

function parts({ parts, sources }) {
  const tools = new Map()
  const made = parts.map((part) => {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        return { type: part.type, text: part.text, state: 'done' }
      case 'file':
        return { type: 'file', url: part.url, mediaType: part.media_type }
      case 'data':
        return { type: `data-${part.name}`, ...(part.id && { id: part.id }), data: part.data }
      case 'tool_call': {
        const tool = { type: `tool-${part.name}`, toolCallId: part.id, state: 'input-available', input: part.input, providerExecuted: true }
        tools.set(part.id, tool)
        return tool
      }
      case 'tool_result': {
        const tool = tools.get(part.id)
        if (tool && part.error) Object.assign(tool, { state: 'output-error', errorText: part.error })
        else if (tool) Object.assign(tool, { state: 'output-available', output: part.output })
      }
    }
  })
  return [...made.filter(Boolean), ...sources.map(source)]
}

function source({ ordinal, kind, title, url, snippet, score, span, content_hash: contentHash, metadata }) {
  const known = { snippet, score, span, contentHash }
  const colloquy = { ordinal, ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null)) }
  if (Object.keys(metadata).length) colloquy.metadata = metadata
  const sourceId = `s${ordinal}`
  if (kind !== 'document' && url) {
    return { type: 'source-url', sourceId, url, title: title ?? undefined, providerMetadata: { colloquy } }
  }
  if (url) colloquy.url = url
  const name = title ?? url ?? 'untitled'
  return { type: 'source-document', sourceId, mediaType: 'text/plain', title: name, filename: undefined, providerMetadata: { colloquy } }
}
