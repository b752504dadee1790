import { clsx } from 'clsx'
import { Check, ChevronLeft, ChevronRight, Copy, PencilLine, RefreshCw, ThumbsDown, ThumbsUp } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { strings } from '../strings'
import { IconButton } from '../ui/button'
import { useCopy } from './copy'
import type { Entry } from './entry'
import { FeedbackNote, useFeedback } from './feedback'
import type { Deeds } from './message'

interface ActionsProps {
  entry: Entry
  deeds: Deeds
  busy: boolean
}

export function QuestionActions({ entry, deeds, busy, onEdit }: ActionsProps & { onEdit: () => void }) {
  return (
    <Bar quiet end>
      <CopyText text={entry.text} />
      {entry.stored && (
        <IconButton label={strings.chat.actions.edit} icon={<PencilLine />} disabled={busy} onClick={onEdit} />
      )}
      <Versions entry={entry} deeds={deeds} busy={busy} />
    </Bar>
  )
}

export function AnswerActions({ entry, deeds, busy }: ActionsProps) {
  const say = strings.chat.actions
  const { stored } = entry
  const [noting, setNoting] = useState(false)
  const feedback = useFeedback(stored)
  const rate = (rating: 'up' | 'down') => {
    const again = feedback.rating === rating
    feedback.give(again ? null : rating)
    setNoting(!again)
  }
  return (
    <>
      <Bar>
        {entry.text && <CopyText text={entry.text} />}
        {stored && (
          <>
            <IconButton
              label={say.good}
              icon={<ThumbsUp className={clsx(feedback.rating === 'up' && 'fill-accent-soft')} />}
              aria-pressed={feedback.rating === 'up'}
              onClick={() => rate('up')}
            />
            <IconButton
              label={say.bad}
              icon={<ThumbsDown className={clsx(feedback.rating === 'down' && 'fill-accent-soft')} />}
              aria-pressed={feedback.rating === 'down'}
              onClick={() => rate('down')}
            />
            <IconButton
              label={say.regenerate}
              icon={<RefreshCw />}
              disabled={busy}
              onClick={() => deeds.answerAgain(stored)}
            />
          </>
        )}
        <Versions entry={entry} deeds={deeds} busy={busy} />
      </Bar>
      {noting && feedback.rating && (
        <FeedbackNote
          note={feedback.note}
          onSave={(note) => {
            feedback.say(note)
            setNoting(false)
          }}
          onClose={() => setNoting(false)}
        />
      )}
    </>
  )
}

interface BarProps {
  children: ReactNode
  /** Seen only near the pointer or the focus. */
  quiet?: boolean
  end?: boolean
}

const Bar = ({ children, quiet, end }: BarProps) => (
  <div
    className={clsx(
      'mt-1.5 -ml-2 flex flex-wrap items-center transition-opacity',
      end && '-mr-1 -mb-4 justify-end',
      quiet && 'pointer-fine:opacity-0 group-focus-within/message:opacity-100 group-hover/message:opacity-100',
    )}
  >
    {children}
  </div>
)

function CopyText({ text }: { text: string }) {
  const { copied, copy } = useCopy()
  const say = strings.chat.actions
  return (
    <IconButton
      label={copied ? say.copied : say.copy}
      icon={copied ? <Check /> : <Copy />}
      onClick={() => copy(text)}
    />
  )
}

function Versions({ entry, deeds, busy }: ActionsProps) {
  const { stored } = entry
  const siblings = stored?.siblings
  if (!stored || !siblings || siblings.count < 2) return
  const { index, count } = siblings
  const say = strings.chat.actions
  return (
    <div role="group" aria-label={say.versionLabel(index, count)} className="flex items-center text-sm text-muted">
      <IconButton
        label={say.previous}
        icon={<ChevronLeft />}
        disabled={busy || index <= 1}
        onClick={() => deeds.show(stored, -1)}
      />
      <span className="tabular-nums" aria-hidden>
        {say.version(index, count)}
      </span>
      <IconButton
        label={say.next}
        icon={<ChevronRight />}
        disabled={busy || index >= count}
        onClick={() => deeds.show(stored, 1)}
      />
    </div>
  )
}
