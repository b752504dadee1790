// A long answer is parsed in pieces, so that only the last one is parsed again when a word arrives.

const fence = /^ {0,3}(`{3,}|~{3,})/u
const definition = /^ {0,3}\[[^\]]+\]:/mu

/** Cuts Markdown at blank lines where nothing goes on beyond them. Joined with blank lines, the pieces are the whole again. */
export function blocksOf(text: string): string[] {
  // A definition can be used anywhere, so such a text stays in one piece.
  if (definition.test(text)) return [text]
  const blocks: string[] = []
  let lines: string[] = []
  let fenced: string | undefined
  let blank = false
  for (const line of text.split('\n')) {
    const mark = fence.exec(line)?.[1]
    if (blank && !fenced && lines.length > 0 && !goesOn(line)) {
      blocks.push(lines.join('\n'))
      lines = []
    }
    if (mark && !fenced) fenced = mark
    else if (fenced && mark?.startsWith(fenced) && /^\s*[`~]+\s*$/u.test(line)) fenced = undefined
    blank = line.trim() === ''
    if (!blank || lines.length > 0) lines.push(line)
  }
  if (lines.length > 0) blocks.push(lines.join('\n'))
  return blocks.map((block) => block.replace(/\n+$/u, ''))
}

/** Whether a line after a blank one belongs to a list, a quotation or a table before it. */
const goesOn = (line: string) => line.trim() === '' || /^(\s{2,}|\t|[-*+]\s|\d{1,9}[.)]\s|>)/u.test(line)
