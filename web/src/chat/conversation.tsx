// A conversation with its composer: the same in the app and in the widget.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { problemFrom } from '../session/problem'
import { useSession, useSessionEnded, useStaleSession } from '../session/session'
import { strings } from '../strings'
import { Button, buttonClass } from '../ui/button'
import { Blank, Failure, Loading, Notice, Skeleton } from '../ui/states'
import { toast } from '../ui/toasts'
import { showSibling } from './branches'
import { Composer } from './composer'
import { useDraft, useRescue } from './draft'
import { entriesOf, entryOfLive } from './entry'
import { LiveRegion } from './live-region'
import { type Deeds, Thinking } from './message'
import { useOnline } from './online'
import { conversationQuery, pathOf, pathQuery } from './path'
import { SourcePanel } from './sources'
import { Thread } from './thread'
import { useTurn } from './turn'

interface ConversationProps {
  /** How the chat is called as long as it is shown: the conversation's id, or one of our own for a new one. */
  chatId: string
  conversationId: string | undefined
  onConversation: (id: string) => void
  agent?: string
  /** A message to go to, and the leaf of the path that it is on. */
  target?: { message: string; leaf: string | undefined }
  /** Shown where nothing has been asked yet. */
  greeting: (ask: (text: string) => void) => ReactNode
  onNew: () => void
  autoFocus?: boolean
}

export function Conversation(props: ConversationProps) {
  const { chatId, conversationId, onConversation, agent, target, greeting, onNew, autoFocus } = props
  const client = useQueryClient()
  const say = strings.chat
  const person = useSession().data?.user.id ?? ''
  const conversation = useQuery({ ...conversationQuery(conversationId ?? ''), enabled: Boolean(conversationId) })
  const path = useQuery({ ...pathQuery(conversationId ?? ''), enabled: false })
  const loaded = conversationId ? path.data : undefined
  const items = useMemo(() => loaded?.items ?? [], [loaded])
  const [answer, setAnswer] = useState('')
  const [draft, setDraft] = useDraft(person, conversationId ?? 'new')
  const [citing, setCiting] = useState<{ entry: string; ordinal: number }>()
  const composer = useRef<HTMLTextAreaElement>(null)
  const online = useOnline()
  const turn = useTurn({ chatId, conversationId, items, agent, onConversation, onAnswer: setAnswer })
  const unsent = turn.unsent && entryOfLive(turn.unsent).text
  useRescue(person, conversationId ?? 'new', unsent)
  const entries = useMemo(() => entriesOf(items, turn.messages, turn.after), [items, turn.messages, turn.after])
  const at = useMemo(() => (conversationId ? pathOf(client, conversationId) : undefined), [client, conversationId])
  const busy = turn.state === 'waiting' || turn.state === 'writing' || turn.state === 'lost'

  const arrived = useArrival(at, target, conversation.isSuccess)

  const latest = useRef({ turn, items, at })
  latest.current = { turn, items, at }
  const deeds = useMemo<Deeds>(
    () => ({
      edit: (question, text) => latest.current.turn.edit(question, text),
      answerAgain: (old) => {
        const { turn, items } = latest.current
        const question = items.find((item) => item.id === old.parent_id)
        if (question) turn.answerAgain(question, old)
      },
      show: async (message, step) => {
        const { at } = latest.current
        if (at) await showSibling(at, message, step).catch((error) => toast(problemFrom(error).message))
      },
      cite: (entry, ordinal) => setCiting({ entry, ordinal }),
    }),
    [],
  )

  const ask = useCallback(
    async (text: string) => {
      const { turn, at } = latest.current
      setDraft('')
      if (at?.loaded()?.newer) await at.end().catch(() => undefined)
      turn.ask(text)
    },
    [setDraft],
  )

  // biome-ignore lint/correctness/useExhaustiveDependencies: another chat is shown, and its composer gets the focus.
  useEffect(() => {
    if (autoFocus && matchMedia('(pointer: fine)').matches) composer.current?.focus()
  }, [autoFocus, chatId])

  if (conversationId && conversation.error && problemFrom(conversation.error).status === 404) {
    return (
      <div className="grid flex-1 place-items-center">
        <Blank
          title={say.thread.gone}
          action={
            <Button look="primary" onClick={onNew}>
              {say.newChat}
            </Button>
          }
        >
          {say.thread.goneText}
        </Blank>
      </div>
    )
  }

  const fresh = !conversationId && entries.length === 0
  const waits = conversationId && entries.length === 0 && (conversation.isPending || !arrived)
  return (
    <>
      {waits ? (
        <Waiting />
      ) : fresh ? (
        <div className="grid min-h-0 flex-1 place-items-center overflow-y-auto">{greeting(ask)}</div>
      ) : conversation.error && entries.length === 0 ? (
        <div className="mx-auto w-full max-w-[46rem] flex-1 p-6">
          <Failure error={conversation.error} onRetry={() => conversation.refetch()} />
        </div>
      ) : (
        <Thread
          key={chatId}
          entries={entries}
          deeds={deeds}
          busy={busy}
          hasOlder={Boolean(loaded?.older)}
          hasNewer={Boolean(loaded?.newer) && !busy}
          onOlder={async () => at?.older()}
          onNewer={async () => at?.newer()}
          onEnd={async () => at?.end()}
          target={arrived ? target?.message : undefined}
        >
          {turn.state === 'waiting' && <Thinking />}
          {turn.state === 'failed' && turn.problem && (
            <Notice
              tone="danger"
              action={
                <span className="flex gap-2">
                  {unsent && (
                    <Button
                      small
                      look="quiet"
                      onClick={() => {
                        setDraft(unsent ?? draft)
                        turn.forget()
                        composer.current?.focus()
                      }}
                    >
                      {say.actions.edit}
                    </Button>
                  )}
                  <Button small onClick={turn.retry}>
                    {say.thread.retry}
                  </Button>
                </span>
              }
            >
              {unsent && say.thread.notSent} {turn.problem.code !== 'signed_out' && turn.problem.message}
            </Notice>
          )}
          {turn.state === 'lost' && <Notice>{say.thread.lost}</Notice>}
        </Thread>
      )}
      <div className="mx-auto w-full max-w-[46rem] px-3 pb-3 sm:px-6 sm:pb-5">
        <SessionNotice online={online} />
        <Composer
          ref={composer}
          text={draft}
          onText={setDraft}
          onSend={ask}
          onStop={busy ? () => void turn.stop().catch((error) => toast(problemFrom(error).message)) : undefined}
          disabled={!online}
        />
      </div>
      <SourcePanel
        sources={entries.find((entry) => entry.id === citing?.entry)?.sources ?? []}
        ordinal={citing?.ordinal}
        onClose={() => setCiting(undefined)}
      />
      <LiveRegion state={turn.state} answer={answer} />
    </>
  )
}

/** Loads what a search led to: its branch first, then its surroundings. */
function useArrival(at: ReturnType<typeof pathOf> | undefined, target: ConversationProps['target'], ready: boolean) {
  const wanted = target && `${target.leaf} ${target.message}`
  const [arrived, setArrived] = useState<string>()
  useEffect(() => {
    if (!at || !target || !ready || arrived === wanted) return
    let current = true
    const go = async () => {
      if (target.leaf) await at.show(target.leaf)
      await at.around(target.message)
    }
    go()
      .catch((error) => toast(problemFrom(error).message))
      .finally(() => current && setArrived(wanted))
    return () => {
      current = false
    }
  }, [at, target, ready, wanted, arrived])
  return !target || arrived === wanted
}

function SessionNotice({ online }: { online: boolean }) {
  const stale = useStaleSession()
  const ended = useSessionEnded()
  const say = strings.common.session
  const here = encodeURIComponent(window.location.pathname)
  if (!online) return <Notice className="mb-3">{strings.chat.offline}</Notice>
  if (ended) {
    return (
      <Notice
        tone="danger"
        className="mb-3"
        action={
          // A real load of the page: who is signed in is asked anew, and the draft is kept.
          <a href={`/login?next=${here}`} className={buttonClass('plain', true)}>
            {say.logIn}
          </a>
        }
      >
        {say.ended}
      </Notice>
    )
  }
  return stale ? <Notice className="mb-3">{say.staleNotice}</Notice> : null
}

const Waiting = () => (
  <Loading>
    <div className="mx-auto grid w-full max-w-[46rem] flex-1 gap-5 px-6 pt-10">
      <Skeleton className="ml-auto h-11 w-2/5 rounded-[1.25rem]" />
      <Skeleton className="h-4 w-11/12" />
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-4 w-3/5" />
    </div>
  </Loading>
)
