// Where an answer cites: `[n]` that the agent wrote, or the end of the stretch of text that a source supports.
import type { Source } from '../api/client'

// Private characters around a number stand for a citation while the text goes through the Markdown parser.
const open = '\uE000'
const close = '\uE001'
const marks = new RegExp(`[${open}${close}]`, 'gu')
const written = new RegExp(`${open}(\\d+)${close}|\\[(\\d{1,3})\\](?!\\()`, 'gu')

/** The text with marks where its sources support it, unless it names them itself. */
export function withMarks(text: string, sources: readonly Source[]): string {
  const clean = text.replace(marks, '')
  const spans = sources.filter((source) => source.span)
  if (spans.length === 0 || sources.some((source) => clean.includes(`[${source.ordinal}]`))) return clean
  const scalars = [...clean]
  const ends = new Map<number, number[]>()
  for (const { ordinal, span } of spans) {
    const end = beforeSpace(scalars, Math.min(span?.end ?? 0, scalars.length))
    ends.set(end, [...(ends.get(end) ?? []), ordinal])
  }
  return scalars
    .map((scalar, index) => markedAt(ends, index) + scalar)
    .concat(markedAt(ends, scalars.length))
    .join('')
}

const markedAt = (ends: Map<number, number[]>, index: number) =>
  (ends.get(index) ?? []).map((ordinal) => `${open}${ordinal}${close}`).join('')

function beforeSpace(scalars: string[], end: number): number {
  let at = end
  while (at > 0 && /\s/u.test(scalars[at - 1] ?? '')) at--
  return at
}

export const withoutMarks = (text: string) => text.replace(new RegExp(`${open}\\d+${close}`, 'gu'), '')

interface Node {
  type: string
  value?: string
  children?: Node[]
  data?: object
}

/** A remark plugin: citations of known sources become `cite` elements, those of unknown ones stay text. */
export function remarkCitations(ordinals: ReadonlySet<number>) {
  return () => (tree: object) => visit(tree as Node, ordinals)
}

function visit(node: Node, ordinals: ReadonlySet<number>) {
  if (node.type === 'code' || node.type === 'inlineCode' || node.type === 'html') {
    node.value = withoutMarks(node.value ?? '')
    return
  }
  if (!node.children) return
  // A citation cannot be pressed inside a link.
  if (node.type !== 'link') node.children = node.children.flatMap((child) => split(child, ordinals))
  for (const child of node.children) visit(child, ordinals)
}

function split(node: Node, ordinals: ReadonlySet<number>): Node[] {
  if (node.type !== 'text' || !node.value) return [node]
  const pieces: Node[] = []
  let from = 0
  for (const found of node.value.matchAll(written)) {
    const ordinal = Number(found[1] ?? found[2])
    if (!ordinals.has(ordinal)) continue
    pieces.push({ type: 'text', value: node.value.slice(from, found.index).replace(/ $/u, '') }, citation(ordinal))
    from = found.index + found[0].length
  }
  if (from === 0) return [node]
  return [...pieces, { type: 'text', value: node.value.slice(from) }].filter((piece) => piece.value !== '')
}

const citation = (ordinal: number): Node => ({
  type: 'citation',
  data: {
    hName: 'cite',
    hProperties: { dataOrdinal: String(ordinal) },
    hChildren: [{ type: 'text', value: String(ordinal) }],
  },
})
