// Who may see a page.
import { useQueryClient } from '@tanstack/react-query'
import { Fragment, type ReactNode, useEffect } from 'react'
import { Redirect, useLocation, useSearch } from 'wouter'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Blank, Loading } from '../ui/states'
import { onOtherTab, sessionQuery, useSession } from './session'

/** Pages of those who are signed in; others log in first and come back. */
export function SignedIn({ children }: { children: ReactNode }) {
  const { data, isPending, error, refetch } = useSession()
  const [path] = useLocation()
  const search = useSearch()
  // Nothing that one person sees outlives a change to another.
  if (data) return <Fragment key={data.user.id}>{children}</Fragment>
  if (isPending) return <Loading label={strings.common.session.checking} />
  if (error) {
    return (
      <main id="content">
        <Blank
          title={strings.common.session.unreachable}
          action={<Button onClick={() => refetch()}>{strings.common.retry}</Button>}
        >
          {strings.common.session.unreachableText}
        </Blank>
      </main>
    )
  }
  const next = encodeURIComponent(search ? `${path}?${search}` : path)
  return <Redirect to={`/login?next=${next}`} replace />
}

/** Pages that make no sense for those who are signed in. */
export function SignedOutOnly({ children }: { children: ReactNode }) {
  const { data } = useSession()
  const search = useSearch()
  return data ? <Redirect to={nextOf(search)} replace /> : children
}

/** Where a person wanted to go before they logged in; never another site. */
export function nextOf(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? ''
  return /^\/(?![/\\])/.test(next) ? next : '/chat'
}

/** Keeps this tab at what other tabs do. */
export function FollowOtherTabs() {
  const client = useQueryClient()
  useEffect(() => onOtherTab(() => client.invalidateQueries({ queryKey: sessionQuery.queryKey })), [client])
  return null
}
