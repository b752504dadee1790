import { clsx } from 'clsx'
import { ChevronRight, Wrench } from 'lucide-react'
import { memo, useCallback, useState } from 'react'
import type { Message } from '../api/client'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Notice } from '../ui/states'
import { AnswerActions, QuestionActions } from './actions'
import type { Entry, Tool } from './entry'
import { isFinal } from './entry'
import { AnswerText } from './markdown'
import { SourceList } from './sources'

/** What can be done with a message; the same functions as long as the conversation is shown. */
export interface Deeds {
  edit: (question: Message, text: string) => void
  answerAgain: (answer: Message) => void
  show: (message: Message, step: 1 | -1) => void
  cite: (entry: string, ordinal: number) => void
}

interface MessageProps {
  entry: Entry
  deeds: Deeds
  /** While an answer is being written nothing else is asked. */
  busy: boolean
  /** Found by a search, or gone to. */
  marked: boolean
}

export const MessageView = memo(function MessageView({ entry, deeds, busy, marked }: MessageProps) {
  const say = strings.chat.thread
  const question = entry.role === 'user'
  return (
    <article
      aria-label={question ? say.you : say.answer}
      tabIndex={-1}
      id={`m-${entry.id}`}
      className={clsx('group/message rounded-card', marked && 'outline-2 outline-offset-8 outline-accent')}
    >
      {question ? (
        <Question entry={entry} deeds={deeds} busy={busy} />
      ) : (
        <Answer entry={entry} deeds={deeds} busy={busy} />
      )}
    </article>
  )
})

type PartProps = Omit<MessageProps, 'marked'>

function Question({ entry, deeds, busy }: PartProps) {
  const [editing, setEditing] = useState(false)
  const { stored } = entry
  if (editing && stored) {
    return (
      <EditQuestion
        text={entry.text}
        onCancel={() => setEditing(false)}
        onAsk={(text) => {
          setEditing(false)
          deeds.edit(stored, text)
        }}
      />
    )
  }
  return (
    <div className="flex flex-col items-end">
      <div
        dir="auto"
        className="max-w-[min(85%,36rem)] rounded-[1.25rem] rounded-ee-md bg-sunken px-4 py-2.5 leading-relaxed break-words whitespace-pre-wrap"
      >
        {entry.text}
      </div>
      <QuestionActions entry={entry} deeds={deeds} busy={busy} onEdit={() => setEditing(true)} />
    </div>
  )
}

interface EditQuestionProps {
  text: string
  onCancel: () => void
  onAsk: (text: string) => void
}

function EditQuestion({ text: before, onCancel, onAsk }: EditQuestionProps) {
  const [text, setText] = useState(before)
  const say = strings.chat.actions
  return (
    <form
      className="ml-auto max-w-[36rem]"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim()) onAsk(text.trim())
      }}
    >
      <textarea
        // biome-ignore lint/a11y/noAutofocus: the field stands where the person just asked for it.
        autoFocus
        aria-label={say.editLabel}
        value={text}
        dir="auto"
        onFocus={(event) => event.target.setSelectionRange(before.length, before.length)}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel()
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault()
            event.currentTarget.form?.requestSubmit()
          }
        }}
        className="field-sizing-content max-h-[50dvh] w-full resize-none rounded-[1.25rem] border border-accent bg-raised px-4 py-2.5 leading-relaxed"
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button small look="quiet" onClick={onCancel}>
          {strings.common.cancel}
        </Button>
        <Button small look="primary" type="submit" disabled={!text.trim()}>
          {say.ask}
        </Button>
      </div>
    </form>
  )
}

function Answer({ entry, deeds, busy }: PartProps) {
  const say = strings.chat.thread
  const cite = useCallback((ordinal: number) => deeds.cite(entry.id, ordinal), [deeds, entry.id])
  const writing = !isFinal(entry.status)
  const empty = !entry.text
  return (
    <div>
      {entry.reasoning && <Reasoning text={entry.reasoning} open={writing && empty} />}
      {entry.tools.length > 0 && <Tools tools={entry.tools} />}
      {entry.text && <AnswerText text={entry.text} sources={entry.sources} onCite={cite} />}
      {writing && empty && <Thinking />}
      {entry.status === 'cancelled' && <p className="mt-3 text-sm text-muted">{say.stopped}</p>}
      {entry.status === 'completed' && empty && <p className="text-sm text-muted">{say.empty}</p>}
      {(entry.status === 'failed' || entry.status === 'interrupted') && (
        <Failed entry={entry} deeds={deeds} busy={busy} />
      )}
      {entry.sources.length > 0 && !writing && <SourceList entry={entry} onCite={cite} />}
      {!writing && <AnswerActions entry={entry} deeds={deeds} busy={busy} />}
    </div>
  )
}

function Failed({ entry, deeds, busy }: PartProps) {
  const say = strings.chat.thread
  const { stored } = entry
  const retry = stored && (
    <Button small disabled={busy} onClick={() => deeds.answerAgain(stored)}>
      {say.retry}
    </Button>
  )
  return (
    <Notice tone="danger" action={retry} className="mt-3">
      {entry.status === 'interrupted' ? say.interrupted : say.failed} {entry.error}
    </Notice>
  )
}

export const Thinking = () => (
  <p className="flex h-7 items-center gap-1.5 text-muted">
    <span className="sr-only">{strings.chat.thread.thinking}</span>
    {['', '[animation-delay:200ms]', '[animation-delay:400ms]'].map((delay) => (
      <span key={delay} aria-hidden className={clsx('size-1.5 animate-pulse-soft rounded-full bg-current', delay)} />
    ))}
  </p>
)

function Reasoning({ text, open }: { text: string; open: boolean }) {
  return (
    <details open={open} className="group/reasoning mb-3 text-sm text-muted">
      <summary className="inline-flex min-h-8 items-center gap-1 rounded-md hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight className="size-4 transition-transform group-open/reasoning:rotate-90" aria-hidden />
        {strings.chat.thread.reasoning}
      </summary>
      <p dir="auto" className="mt-1 border-s-2 border-line ps-4 break-words whitespace-pre-wrap">
        {text}
      </p>
    </details>
  )
}

function Tools({ tools }: { tools: Tool[] }) {
  const say = strings.chat.tools
  const said = { running: say.running, done: say.done, failed: say.failed }
  return (
    <ul className="mb-3 grid gap-1 text-sm text-muted">
      {tools.map((tool) => (
        <li key={tool.id} className="flex items-center gap-2">
          <Wrench className={clsx('size-3.5', tool.state === 'running' && 'animate-pulse-soft')} aria-hidden />
          {said[tool.state](tool.name)}
        </li>
      ))}
    </ul>
  )
}
