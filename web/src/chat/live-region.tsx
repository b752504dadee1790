import { useEffect, useState } from 'react'
import { strings } from '../strings'
import type { TurnState } from './turn'

const longest = 1_500

/** Tells readers when an answer begins, and reads it when it is there: word by word nobody could follow. */
export function LiveRegion({ state, answer }: { state: TurnState; answer: string }) {
  const [said, setSaid] = useState('')
  const say = strings.chat.thread
  useEffect(() => {
    if (state === 'waiting') setSaid(say.writing)
    if (state === 'lost') setSaid(say.lost)
  }, [state, say])
  useEffect(() => {
    if (answer) setSaid(say.done(answer.length > longest ? `${answer.slice(0, longest)}…` : answer))
  }, [answer, say])
  return (
    <div aria-live="polite" className="sr-only">
      {said}
    </div>
  )
}
