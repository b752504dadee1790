import { memo, type ReactNode, useMemo, useState } from 'react'
import Markdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import type { Source } from '../api/client'
import { strings } from '../strings'
import { blocksOf } from './blocks'
import { remarkCitations, withMarks } from './citations'
import { Cite } from './cite'
import { CodeBlock } from './code-block'

interface AnswerTextProps {
  text: string
  sources: readonly Source[]
  onCite: (ordinal: number) => void
}

/** Markdown as agents write it. Raw HTML stays text, pictures become links: nothing is loaded from elsewhere. */
export const AnswerText = memo(function AnswerText({ text, sources: told, onCite }: AnswerTextProps) {
  const sources = useSame(told)
  const blocks = useMemo(() => blocksOf(withMarks(text, sources)), [text, sources])
  const known = sources.map((source) => source.ordinal).join(' ')
  const components = useMemo(() => componentsWith(sources, onCite), [sources, onCite])
  const plugins = useMemo(() => [remarkGfm, remarkCitations(new Set(known.split(' ').map(Number)))], [known])
  return (
    <div className="prose">
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a block is what stands at its place; text only grows at the end.
        <Block key={index} text={block} components={components} plugins={plugins} />
      ))}
    </div>
  )
})

/** The same sources in the same array while an answer arrives, so that what is written is not made again. */
function useSame(told: readonly Source[]): readonly Source[] {
  const [known, setKnown] = useState(told)
  if (known === told) return known
  if (JSON.stringify(known) === JSON.stringify(told)) return known
  setKnown(told)
  return told
}

interface BlockProps {
  text: string
  components: Components
  plugins: NonNullable<Parameters<typeof Markdown>[0]['remarkPlugins']>
}

const Block = memo(function Block({ text, components, plugins }: BlockProps) {
  return (
    <Markdown remarkPlugins={plugins} components={components}>
      {text}
    </Markdown>
  )
})

function componentsWith(sources: readonly Source[], onCite: (ordinal: number) => void): Components {
  const byOrdinal = new Map(sources.map((source) => [source.ordinal, source]))
  return {
    ...plain,
    cite: ({ node, children }) => {
      const source = byOrdinal.get(Number(node?.properties.dataOrdinal))
      return source ? <Cite source={source} onCite={onCite} /> : children
    },
  }
}

const plain: Components = {
  // The title of the conversation is the page's first heading; those of an answer stand below it.
  h1: ({ children }) => <h2 className="h1">{children}</h2>,
  h2: ({ children }) => <h3 className="h2">{children}</h3>,
  h3: ({ children }) => <h4 className="h3">{children}</h4>,
  h4: ({ children }) => <h5 className="h3">{children}</h5>,
  h5: ({ children }) => <h6 className="h3">{children}</h6>,
  h6: ({ children }) => <h6 className="h3">{children}</h6>,
  a: ({ href, children }) => <OutLink href={href}>{children}</OutLink>,
  img: ({ src, alt }) => (
    <OutLink href={typeof src === 'string' ? src : ''}>{strings.chat.markdown.image(alt ?? '')}</OutLink>
  ),
  pre: ({ node }) => <CodeBlock node={node} />,
  table: ({ children }) => (
    <section className="table" aria-label={strings.chat.markdown.table} tabIndex={0}>
      <table>{children}</table>
    </section>
  ),
  input: ({ checked }) => <input type="checkbox" checked={checked ?? false} readOnly disabled aria-hidden />,
}

function OutLink({ href, children }: { href: string | undefined; children: ReactNode }) {
  // What is no web address, or was dangerous and taken away, is shown but leads nowhere.
  if (!href || !/^(https?:|mailto:)/iu.test(href)) return <span>{children}</span>
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
      <span className="sr-only"> ({strings.chat.markdown.newTab})</span>
    </a>
  )
}
