import { ArrowUp, Square } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, type Ref, useId } from 'react'
import { strings } from '../strings'
import { Tip } from '../ui/tip'

const longest = 200_000

interface ComposerProps {
  ref?: Ref<HTMLTextAreaElement>
  text: string
  onText: (text: string) => void
  onSend: (text: string) => void
  /** While an answer is being written, stopping takes the place of sending. */
  onStop?: () => void
  disabled?: boolean
}

export function Composer({ ref, text, onText, onSend, onStop, disabled }: ComposerProps) {
  const id = useId()
  const say = strings.chat.composer
  const tooLong = text.length > longest
  const ready = text.trim() !== '' && !disabled && !onStop && !tooLong
  const send = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault()
    if (ready) onSend(text.trim())
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // An input method uses Enter to choose a word.
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send(event)
    if (event.key === 'Escape' && onStop) onStop()
  }
  return (
    <form
      onSubmit={send}
      className="flex items-end gap-2 rounded-[1.375rem] border border-edge/70 bg-raised p-1.5 pl-4 shadow-[0_1px_3px_rgb(0_0_0/0.06)] transition-colors focus-within:border-accent focus-within:shadow-[0_0_0_1px_var(--color-accent)]"
    >
      <label htmlFor={id} className="sr-only">
        {say.label}
      </label>
      <textarea
        id={id}
        ref={ref}
        value={text}
        rows={1}
        dir="auto"
        placeholder={say.placeholder}
        aria-describedby={`${id}-hint`}
        aria-invalid={tooLong || undefined}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
        className="field-sizing-content max-h-[40dvh] min-h-10 min-w-0 flex-1 resize-none bg-transparent py-2 leading-6 outline-none placeholder:text-muted"
      />
      <span id={`${id}-hint`} className={tooLong ? 'pb-2 text-sm text-danger' : 'sr-only'}>
        {tooLong ? say.tooLong : say.hint}
      </span>
      {onStop ? (
        <Tip text={say.stop}>
          <button
            type="button"
            aria-label={say.stop}
            onClick={onStop}
            className="grid size-10 shrink-0 place-items-center rounded-full bg-ink text-paper hover:opacity-85"
          >
            <Square className="size-3.5 fill-current" aria-hidden />
          </button>
        </Tip>
      ) : (
        <button
          type="submit"
          aria-label={say.send}
          aria-disabled={!ready}
          className="grid size-10 shrink-0 place-items-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-hover aria-disabled:bg-hover aria-disabled:text-muted"
        >
          <ArrowUp className="size-5" aria-hidden />
        </button>
      )}
    </form>
  )
}
