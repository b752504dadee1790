import { clsx } from 'clsx'
import { Archive, ArchiveRestore, Ellipsis, PencilLine, Pin, PinOff, Trash2 } from 'lucide-react'
import { memo, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Conversation } from '../api/client'
import { strings } from '../strings'
import { Menu, MenuItem, MenuLine } from '../ui/menu'
import { toast } from '../ui/toasts'
import { useChange } from './list'
import { useRemove } from './removal'

interface RowProps {
  conversation: Conversation
  current: boolean
  onVisit?: () => void
}

export const Row = memo(function Row({ conversation, current, onVisit }: RowProps) {
  const [renaming, setRenaming] = useState(false)
  const { id, title: given } = conversation
  const title = given || conversation.preview || strings.chat.untitled
  if (renaming) return <Rename conversation={conversation} onDone={() => setRenaming(false)} />
  return (
    <div
      className={clsx(
        'group relative flex items-center rounded-control text-sm transition-colors',
        current ? 'bg-hover font-medium' : 'hover:bg-hover/70 focus-within:bg-hover/70',
      )}
    >
      <Link
        href={`/chat/${id}`}
        aria-current={current ? 'page' : undefined}
        onClick={onVisit}
        className="min-h-10 min-w-0 flex-1 truncate py-2.5 pr-2 pl-3 leading-5"
        dir="auto"
      >
        {title}
      </Link>
      <RowMenu conversation={conversation} title={title} current={current} onRename={() => setRenaming(true)} />
    </div>
  )
})

interface RowMenuProps {
  conversation: Conversation
  title: string
  current: boolean
  onRename: () => void
}

function RowMenu({ conversation, title, current, onRename }: RowMenuProps) {
  const { id, pinned, archived } = conversation
  const say = strings.chat.list
  const change = useChange()
  const remove = useRemove()
  const [, navigate] = useLocation()
  const renames = useRef(false)
  const trigger = (
    <button
      type="button"
      aria-label={say.options(title)}
      className={clsx(
        'mr-1 grid size-8 shrink-0 place-items-center rounded-md text-muted hover:text-ink [&_svg]:size-4',
        !current && 'pointer-fine:opacity-0 group-hover:opacity-100 focus:opacity-100 data-[state=open]:opacity-100',
      )}
    >
      <Ellipsis aria-hidden />
    </button>
  )
  const archive = (to: boolean) => {
    change.mutate({ id, patch: { archived: to } })
    const undo = () => change.mutate({ id, patch: { archived: !to } })
    toast(to ? say.archived : say.unarchived, { action: { label: strings.common.undo, run: undo } })
  }
  const removed = () => {
    const back = () => {
      if (window.location.pathname === '/chat') navigate(`/chat/${id}`)
    }
    remove(conversation, current ? back : undefined)
    if (current) navigate('/chat')
  }
  return (
    <Menu
      trigger={trigger}
      onClosed={(event) => {
        // The field for the new title has the focus, not the button that is gone.
        if (renames.current) event.preventDefault()
        if (renames.current) onRename()
        renames.current = false
      }}
    >
      <MenuItem
        icon={<PencilLine />}
        onSelect={() => {
          renames.current = true
        }}
      >
        {say.rename}
      </MenuItem>
      <MenuItem icon={pinned ? <PinOff /> : <Pin />} onSelect={() => change.mutate({ id, patch: { pinned: !pinned } })}>
        {pinned ? say.unpin : say.pin}
      </MenuItem>
      <MenuItem icon={archived ? <ArchiveRestore /> : <Archive />} onSelect={() => archive(!archived)}>
        {archived ? say.unarchive : say.archive}
      </MenuItem>
      <MenuLine />
      <MenuItem icon={<Trash2 />} danger onSelect={removed}>
        {say.remove}
      </MenuItem>
    </Menu>
  )
}

function Rename({ conversation, onDone }: { conversation: Conversation; onDone: () => void }) {
  const before = conversation.title ?? ''
  const [title, setTitle] = useState(before)
  const change = useChange()
  const given = useRef(false)
  const say = strings.chat.list
  const save = () => {
    if (given.current) return
    given.current = true
    const next = title.trim()
    if (next && next !== before) {
      change.mutate({ id: conversation.id, patch: { title: next } })
      const undo = () => change.mutate({ id: conversation.id, patch: { title: before || null } })
      toast(say.renamed(next), { action: { label: strings.common.undo, run: undo } })
    }
    onDone()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: the field stands where the person just asked for it.
        autoFocus
        aria-label={say.renameLabel}
        value={title}
        maxLength={500}
        dir="auto"
        className="h-10 w-full rounded-control border border-accent bg-raised px-3 text-sm outline-offset-0"
        onFocus={(event) => event.target.select()}
        onChange={(event) => setTitle(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          given.current = true
          onDone()
        }}
      />
    </form>
  )
}
