import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body, type Message, type Rating } from '../api/client'
import { problemFrom } from '../session/problem'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { toast } from '../ui/toasts'
import { pathOf } from './path'

interface Judgement {
  rating: Rating | null
  note?: string | null
}

/** What a reader thinks of an answer: seen at once, taken back when it cannot be saved. */
export function useFeedback(message: Message | undefined) {
  const client = useQueryClient()
  const show = (feedback: Message['feedback']) =>
    message && pathOf(client, message.conversation_id).change(message.id, { feedback })
  const { mutate } = useMutation({
    mutationFn: async (judgement: Judgement) => {
      if (!message) return
      const params = { path: { id: message.id } }
      await body(api.PUT('/messages/{id}/feedback', { params, body: judgement }))
    },
    onMutate: ({ rating, note }) => show(rating ? { rating, note: note ?? null } : null),
    onError: (error) => {
      show(message?.feedback ?? null)
      toast(problemFrom(error).message)
    },
  })
  const rating = message?.feedback?.rating
  return {
    rating,
    note: message?.feedback?.note ?? '',
    give: (next: Rating | null) => mutate({ rating: next }),
    say: (note: string) =>
      mutate(
        { rating: (rating as Rating | undefined) ?? null, note: note || null },
        { onSuccess: () => toast(strings.chat.actions.noteSaved) },
      ),
  }
}

interface FeedbackNoteProps {
  note: string
  onSave: (note: string) => void
  onClose: () => void
}

export function FeedbackNote({ note: before, onSave, onClose }: FeedbackNoteProps) {
  const [note, setNote] = useState(before)
  const say = strings.chat.actions
  return (
    <form
      className="mt-2 max-w-lg animate-appear rounded-card border border-line bg-raised p-4"
      onSubmit={(event) => {
        event.preventDefault()
        onSave(note.trim())
      }}
    >
      <label className="block text-sm font-medium">
        {say.noteLabel}
        <textarea
          value={note}
          maxLength={4000}
          rows={2}
          dir="auto"
          onChange={(event) => setNote(event.target.value)}
          onKeyDown={(event) => event.key === 'Escape' && onClose()}
          className="mt-2 block field-sizing-content max-h-60 min-h-16 w-full resize-none rounded-control border border-edge bg-paper px-3 py-2 font-normal"
        />
      </label>
      <div className="mt-3 flex justify-end gap-2">
        <Button small look="quiet" onClick={onClose}>
          {strings.common.close}
        </Button>
        <Button small look="primary" type="submit">
          {strings.common.save}
        </Button>
      </div>
    </form>
  )
}
