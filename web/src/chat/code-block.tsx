import { Check, Copy } from 'lucide-react'
import { type JSX, memo, useEffect, useState } from 'react'
import { strings } from '../strings'
import { IconButton } from '../ui/button'
import { useCopy } from './copy'

interface HastNode {
  type: string
  tagName?: string
  value?: string
  properties?: Record<string, unknown>
  children?: HastNode[]
}

/** A block of code. Colours come when their grammar has been loaded; the text is there at once. */
export function CodeBlock({ node }: { node: unknown }) {
  const code = (node as HastNode | undefined)?.children?.find((child) => child.tagName === 'code')
  const text = textOf(code).replace(/\n$/u, '')
  const classes = code?.properties?.className
  const language = Array.isArray(classes) ? (/^language-(.+)$/u.exec(String(classes[0]))?.[1] ?? '') : ''
  return <Code text={text} language={language} />
}

function textOf(node: HastNode | undefined): string {
  if (!node) return ''
  return node.type === 'text' ? (node.value ?? '') : (node.children ?? []).map(textOf).join('')
}

const Code = memo(function Code({ text, language }: { text: string; language: string }) {
  const highlighted = useHighlighted(text, language)
  const { copied, copy } = useCopy()
  const say = strings.chat
  return (
    <figure className="overflow-hidden rounded-control border border-line bg-sunken" dir="ltr">
      <figcaption className="flex h-9 items-center justify-between pr-1 pl-4 text-xs text-muted">
        {language || ' '}
        <IconButton
          tip={false}
          label={copied ? say.actions.copied : say.actions.copyCode}
          icon={copied ? <Check /> : <Copy />}
          className="size-8 [&_svg]:size-4"
          onClick={() => copy(text)}
        />
      </figcaption>
      <section tabIndex={0} aria-label={say.markdown.code(language)} className="overflow-x-auto px-4 pb-3.5 text-sm/6">
        <pre>
          <code className="font-mono">{highlighted ?? text}</code>
        </pre>
      </section>
    </figure>
  )
})

const longest = 50_000

function useHighlighted(text: string, language: string): JSX.Element | undefined {
  const [made, setMade] = useState<{ text: string; element: JSX.Element }>()
  useEffect(() => {
    if (!language || text.length > longest) return
    let wanted = true
    // Colours wait until the text rests: while it streams, nobody sees the difference.
    const timer = setTimeout(async () => {
      const { highlight } = await import('./highlight')
      const element = highlight(text, language)
      if (wanted && element) setMade({ text, element })
    }, 120)
    return () => {
      wanted = false
      clearTimeout(timer)
    }
  }, [text, language])
  return made?.text === text ? made.element : undefined
}
