import { useQuery } from '@tanstack/react-query'
import { MessageSquarePlus, PanelLeft } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import '../chat/prose.css'
import { AgentPicker, useAgent } from '../chat/agent-picker'
import { Conversation } from '../chat/conversation'
import { Greeting } from '../chat/greeting'
import { conversationQuery } from '../chat/path'
import { useSidebar } from '../conversations/pane'
import { Sidebar } from '../conversations/sidebar'
import { strings } from '../strings'
import { IconButton } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { usePageTitle } from '../ui/page-title'

const SearchDialog = lazy(() => import('../search/dialog'))

export default function ChatPage({ id }: { id: string | undefined }) {
  const [, navigate] = useLocation()
  const { chatId, conversationId, began, startNew } = useShownChat(id)
  const [searching, setSearching] = useState(false)
  const pane = useSidebar()
  const target = useTarget()
  const say = strings.chat

  const { data } = useQuery({ ...conversationQuery(conversationId ?? ''), enabled: false })
  const title = conversationId ? data?.title || say.untitled : say.newChat
  usePageTitle(title)
  const { agents, agent, choose } = useAgent(data?.agent)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return
      event.preventDefault()
      setSearching(true)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  const onNew = () => {
    startNew()
    navigate('/chat')
  }
  const sidebar = {
    current: conversationId,
    onNew: () => {
      startNew()
      pane.visited()
    },
    onSearch: () => {
      pane.visited()
      setSearching(true)
    },
    onHide: pane.hide,
  }
  return (
    <div className="flex h-dvh">
      {pane.wide ? (
        pane.open && (
          <aside className="w-72 shrink-0 border-r border-line bg-side" aria-label={say.sidebar}>
            <Sidebar {...sidebar} />
          </aside>
        )
      ) : (
        <Dialog open={pane.open} onClose={pane.hide} title={say.sidebar} side="left" bare className="bg-side">
          <Sidebar {...sidebar} onVisit={pane.visited} />
        </Dialog>
      )}
      <main id="content" className="flex min-w-0 flex-1 flex-col">
        <header className="flex h-14 shrink-0 items-center gap-2 px-2 sm:px-3">
          {!(pane.wide && pane.open) && <IconButton label={say.openSidebar} icon={<PanelLeft />} onClick={pane.show} />}
          <h1 className="min-w-0 flex-1 truncate px-2 text-sm font-medium" dir="auto">
            {conversationId ? title : <span className="sr-only">{title}</span>}
          </h1>
          <AgentPicker agents={agents} agent={agent} onChoose={choose} />
          {!(pane.wide && pane.open) && <IconButton label={say.newChat} icon={<MessageSquarePlus />} onClick={onNew} />}
        </header>
        <Conversation
          key={chatId}
          chatId={chatId}
          conversationId={conversationId}
          onConversation={(saved) => {
            began(saved)
            if (saved !== id) navigate(`/chat/${saved}`, { replace: true })
          }}
          agent={agent}
          target={target}
          greeting={(ask) => <Greeting ask={ask} />}
          onNew={onNew}
          autoFocus
        />
      </main>
      {searching && (
        <Suspense>
          <SearchDialog onClose={() => setSearching(false)} />
        </Suspense>
      )}
    </div>
  )
}

/** What the address shows. A new chat keeps its own id when it gets an address, so that nothing is begun anew. */
function useShownChat(id: string | undefined) {
  const [chat, setChat] = useState(() => fresh(id))
  const startNew = useCallback(() => setChat(fresh(undefined)), [])
  const began = useCallback(
    (conversationId: string) =>
      setChat((chat) => (chat.conversationId === conversationId ? chat : { ...chat, conversationId })),
    [],
  )
  if (id !== undefined && chat.conversationId !== id) setChat(fresh(id))
  // Back to the address of a new chat from a conversation: another new one.
  const [address, setAddress] = useState(id)
  if (address !== id) {
    setAddress(id)
    if (id === undefined) setChat(fresh(undefined))
  }
  return { ...chat, began, startNew }
}

const fresh = (id: string | undefined) => ({ chatId: id ?? crypto.randomUUID(), conversationId: id })

/** What a search led to stands in the address. */
function useTarget() {
  const search = new URLSearchParams(useSearch())
  const message = search.get('m')
  const leaf = search.get('leaf') ?? undefined
  const [target, setTarget] = useState<{ message: string; leaf: string | undefined }>()
  if (!message && target) setTarget(undefined)
  if (message && (target?.message !== message || target.leaf !== leaf)) setTarget({ message, leaf })
  return target
}
