// The chat as it floats over a page.
import { ExternalLink, MessageCircle, MessageSquarePlus, X } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { Link } from 'wouter'
import '../chat/prose.css'
import { Conversation } from '../chat/conversation'
import { keep, keptFor, readKept } from '../session/kept'
import { useSession } from '../session/session'
import { strings } from '../strings'
import { buttonClass, IconButton } from '../ui/button'
import { Blank, Failure, Loading } from '../ui/states'

export function Widget() {
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const say = strings.chat.widget
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  return (
    <>
      {open && <Panel onClose={close} />}
      <button
        ref={button}
        type="button"
        aria-label={open ? say.close : say.open}
        aria-expanded={open}
        onClick={() => (open ? close() : setOpen(true))}
        className="fixed right-5 bottom-5 z-40 grid size-14 place-items-center rounded-full bg-accent text-on-accent shadow-float transition-colors hover:bg-accent-hover max-sm:aria-expanded:hidden"
      >
        {open ? <X className="size-6" aria-hidden /> : <MessageCircle className="size-6" aria-hidden />}
      </button>
    </>
  )
}

/** The conversation that a person has in this tab, so that it goes on when the panel or the page is opened again. */
function useRemembered(person: string) {
  const [chat, setChat] = useState(() => rememberedBy(person))
  if (chat.person !== person) setChat(rememberedBy(person))
  const key = keptFor(person, 'widget')
  return {
    ...chat,
    began: (id: string) => {
      keep(key, id)
      setChat((chat) => (chat.conversationId === id ? chat : { ...chat, conversationId: id }))
    },
    startNew: () => {
      keep(key, '')
      setChat({ person, chatId: crypto.randomUUID(), conversationId: undefined })
    },
  }
}

function rememberedBy(person: string) {
  const id = readKept(keptFor(person, 'widget')) || undefined
  return { person, chatId: id ?? crypto.randomUUID(), conversationId: id }
}

function Panel({ onClose }: { onClose: () => void }) {
  const { data, isPending, error, refetch } = useSession()
  const { chatId, conversationId, began, startNew } = useRemembered(data?.user.id ?? '')
  const heading = useId()
  const panel = useRef<HTMLDialogElement>(null)
  const say = strings.chat.widget
  // Not modal: the page behind stays in use.
  useEffect(() => {
    const dialog = panel.current
    if (dialog && !dialog.open) dialog.show()
  }, [])
  return (
    <dialog
      ref={panel}
      aria-labelledby={heading}
      onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && onClose()}
      className="fixed inset-auto right-5 bottom-24 z-40 m-0 flex h-[min(40rem,calc(100dvh-7.500rem))] w-[min(25rem,calc(100vw-2.500rem))] animate-appear flex-col overflow-hidden rounded-card border border-line bg-paper shadow-float max-sm:inset-0 max-sm:h-dvh max-sm:max-h-none max-sm:w-screen max-sm:max-w-none max-sm:rounded-none max-sm:border-0"
    >
      <div className="flex h-14 shrink-0 items-center gap-1 border-b border-line pr-2 pl-5">
        <h2 id={heading} className="flex-1 font-serif text-lg">
          {say.title}
        </h2>
        {data && conversationId && (
          <>
            <IconButton label={strings.chat.newChat} icon={<MessageSquarePlus />} onClick={startNew} />
            <Link
              href={`/chat/${conversationId}`}
              aria-label={say.full}
              title={say.full}
              className="grid size-9 place-items-center rounded-control text-muted hover:bg-hover hover:text-ink"
            >
              <ExternalLink className="size-[1.125rem]" aria-hidden />
            </Link>
          </>
        )}
        <IconButton label={say.close} icon={<X />} onClick={onClose} tip={false} />
      </div>
      {data ? (
        <Conversation
          key={chatId}
          chatId={chatId}
          conversationId={conversationId}
          onConversation={began}
          greeting={() => <Blank title={strings.chat.greeting}>{strings.chat.greetingText}</Blank>}
          onNew={startNew}
          autoFocus
        />
      ) : isPending ? (
        <Loading label={strings.common.session.checking} />
      ) : error ? (
        <Failure error={error} onRetry={() => refetch()} className="m-5" />
      ) : (
        <Blank
          className="my-auto"
          title={say.logIn}
          action={
            <Link
              href={`/login?next=${encodeURIComponent(window.location.pathname)}`}
              className={buttonClass('primary')}
            >
              {strings.common.session.logIn}
            </Link>
          }
        >
          {say.logInText}
        </Blank>
      )}
    </dialog>
  )
}
