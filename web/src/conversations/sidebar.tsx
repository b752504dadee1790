import { useInfiniteQuery } from '@tanstack/react-query'
import { ListFilter, MessageSquarePlus, PanelLeftClose, Search } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { useSession } from '../session/session'
import { strings } from '../strings'
import { AccountMenu } from '../ui/account-menu'
import { Avatar } from '../ui/avatar'
import { Brand } from '../ui/brand'
import { Button, IconButton } from '../ui/button'
import { Menu, MenuCheck, MenuItem, MenuLine } from '../ui/menu'
import { Failure, Loading, Skeleton } from '../ui/states'
import { groupsOf } from './days'
import { conversationsOf, type Filters, listQuery } from './list'
import { useLeaving } from './removal'
import { Row } from './row'
import { useSeen } from './seen'

interface SidebarProps {
  current: string | undefined
  onNew: () => void
  onSearch: () => void
  onHide: () => void
  /** After somebody chose where to go. */
  onVisit?: () => void
}

export function Sidebar({ current, onNew, onSearch, onHide, onVisit }: SidebarProps) {
  const [filters, setFilters] = useState<Filters>({})
  const { data: session } = useSession()
  const say = strings.chat
  const who = session?.user.name || session?.user.email || ''
  return (
    <div className="flex h-full flex-col">
      <header className="flex items-center justify-between py-3 pr-2 pl-4">
        <Link href="/" className="rounded-md">
          <Brand />
        </Link>
        <IconButton label={say.closeSidebar} icon={<PanelLeftClose />} onClick={onHide} />
      </header>
      <div className="flex gap-1 px-3 pb-2">
        <Link
          href="/chat"
          onClick={onNew}
          className="inline-flex min-h-10 flex-1 items-center gap-2.5 rounded-control px-3 text-sm font-medium text-accent hover:bg-hover"
        >
          <MessageSquarePlus className="size-[1.125rem]" aria-hidden />
          {say.newChat}
        </Link>
        <IconButton
          label={say.search.open}
          icon={<Search />}
          onClick={onSearch}
          aria-keyshortcuts="Control+K Meta+K"
          className="size-10"
        />
        <FilterMenu filters={filters} onChange={setFilters} />
      </div>
      <nav aria-label={say.list.label} className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
        <List filters={filters} current={current} onVisit={onVisit} onClear={() => setFilters({})} />
      </nav>
      <footer className="border-t border-line p-2">
        <AccountMenu
          trigger={
            <button
              type="button"
              className="flex min-h-11 w-full min-w-0 items-center gap-3 rounded-control px-2 text-left text-sm hover:bg-hover data-[state=open]:bg-hover"
            >
              <Avatar name={who} image={session?.user.image} />
              <span className="truncate">{who}</span>
            </button>
          }
        />
      </footer>
    </div>
  )
}

interface FilterMenuProps {
  filters: Filters
  onChange: (filters: Filters) => void
}

function FilterMenu({ filters, onChange }: FilterMenuProps) {
  const say = strings.chat.filters
  const active = Object.keys(filters).length
  const set = (name: keyof Filters, value: Filters[keyof Filters] | undefined) => {
    const { [name]: _, ...others } = filters
    onChange(value === undefined ? others : { ...others, [name]: value })
  }
  const trigger = (
    <IconButton
      tip={false}
      label={active ? say.active(active) : say.label}
      icon={<ListFilter />}
      className={active ? 'size-10 bg-accent-soft text-accent' : 'size-10'}
    />
  )
  return (
    <Menu trigger={trigger}>
      <MenuCheck checked={filters.archived ?? false} onChange={(on) => set('archived', on || undefined)}>
        {say.archived}
      </MenuCheck>
      <MenuCheck checked={filters.pinned ?? false} onChange={(on) => set('pinned', on || undefined)}>
        {say.pinned}
      </MenuCheck>
      <MenuCheck checked={filters.has_sources ?? false} onChange={(on) => set('has_sources', on || undefined)}>
        {say.sources}
      </MenuCheck>
      <MenuCheck checked={filters.feedback === 'up'} onChange={(on) => set('feedback', on ? 'up' : undefined)}>
        {say.up}
      </MenuCheck>
      <MenuCheck checked={filters.feedback === 'down'} onChange={(on) => set('feedback', on ? 'down' : undefined)}>
        {say.down}
      </MenuCheck>
      {active > 0 && (
        <>
          <MenuLine />
          <MenuItem onSelect={() => onChange({})}>{say.clear}</MenuItem>
        </>
      )}
    </Menu>
  )
}

interface ListProps {
  filters: Filters
  current: string | undefined
  onVisit?: () => void
  onClear: () => void
}

function List({ filters, current, onVisit, onClear }: ListProps) {
  const { data, isPending, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    listQuery(filters),
  )
  const leaving = useLeaving()
  const say = strings.chat.list
  const groups = useMemo(() => {
    const shown = conversationsOf(data?.pages ?? []).filter(({ id }) => !leaving.has(id))
    return groupsOf(shown, new Date())
  }, [data, leaving])
  const end = useSeen(() => void fetchNextPage(), hasNextPage && !isFetchingNextPage)

  if (isPending) return <Waiting />
  if (error && !data) return <Failure error={error} onRetry={() => refetch()} />
  if (groups.length === 0 && !hasNextPage) {
    const filtered = Object.keys(filters).length > 0
    return (
      <div className="px-3 py-6 text-sm text-muted">
        <p className="font-medium text-ink">{filtered ? say.nothing : say.empty}</p>
        {filtered ? (
          <Button small className="mt-3" onClick={onClear}>
            {say.clear}
          </Button>
        ) : (
          <p className="mt-1">{say.emptyText}</p>
        )}
      </div>
    )
  }
  return (
    <>
      {groups.map(({ title, items }) => (
        <section key={title} aria-label={title} className="pt-3">
          <h2 className="px-3 pb-1 text-xs font-medium text-muted">{title}</h2>
          <ul>
            {items.map((conversation) => (
              <li key={conversation.id}>
                <Row conversation={conversation} current={conversation.id === current} onVisit={onVisit} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {hasNextPage && (
        <div ref={end} className="pt-3 text-center">
          <Button small look="quiet" busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
            {say.more}
          </Button>
        </div>
      )}
    </>
  )
}

const widths = ['w-4/5', 'w-3/5', 'w-11/12', 'w-2/3', 'w-3/4', 'w-1/2']

const Waiting = () => (
  <Loading>
    <div className="grid gap-5 px-3 pt-4">
      {widths.map((width) => (
        <Skeleton key={width} className={`h-4 ${width}`} />
      ))}
    </div>
  </Loading>
)
