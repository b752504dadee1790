import { useQuery, useQueryClient } from '@tanstack/react-query'
import { MonitorSmartphone } from 'lucide-react'
import { useState } from 'react'
import { answerOf, Refusal } from '../entry/refusal'
import { auth } from '../session/auth'
import type { Session } from '../session/session'
import { locale, strings } from '../strings'
import { Button } from '../ui/button'
import { Loading, Notice } from '../ui/states'
import { toast } from '../ui/toasts'
import { deviceOf } from './device'
import { Section } from './section'

const say = strings.people.account.sessions

export const sessionsKey = ['sessions']

interface Listed {
  id: string
  token: string
  userAgent?: string | null | undefined
  ipAddress?: string | null | undefined
  createdAt: Date | string
  updatedAt: Date | string
}

export function Sessions({ session }: { session: Session }) {
  const { data, error, refetch } = useQuery({
    queryKey: sessionsKey,
    queryFn: async (): Promise<Listed[]> => answerOf((options) => auth.listSessions({ fetchOptions: options })),
  })
  const client = useQueryClient()
  const [busy, setBusy] = useState<string>()
  const end = async (which: string, call: () => Promise<unknown>) => {
    setBusy(which)
    try {
      await call()
      toast(say.ended)
    } catch (error) {
      toast(error instanceof Refusal ? error.message : strings.people.unknown)
    }
    await client.invalidateQueries({ queryKey: sessionsKey })
    setBusy(undefined)
  }
  const here = session.session.id
  const others = data?.filter(({ id }) => id !== here) ?? []
  const sorted = [...(data?.filter(({ id }) => id === here) ?? []), ...others.sort(newestFirst)]
  return (
    <Section title={say.title} text={say.text}>
      {error && !data && (
        <Notice
          tone="danger"
          action={
            <Button small onClick={() => refetch()}>
              {strings.common.retry}
            </Button>
          }
        >
          {error.message}
        </Notice>
      )}
      {!data && !error && <Loading />}
      <ul className="divide-y divide-line">
        {sorted.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 first:pt-0">
            <MonitorSmartphone className="size-5 shrink-0 text-muted" aria-hidden />
            <div className="min-w-0 flex-1 basis-48">
              <p className="font-medium">{nameOf(one)}</p>
              <p className="text-sm break-words text-muted">{detailsOf(one, one.id === here)}</p>
            </div>
            {one.id === here ? (
              <span className="rounded-full bg-accent-soft px-2.5 py-0.5 text-xs font-medium text-accent">
                {say.here}
              </span>
            ) : (
              <Button
                small
                busy={busy === one.id}
                aria-label={say.endLabel(nameOf(one))}
                onClick={() =>
                  end(one.id, () => answerOf((options) => auth.revokeSession({ token: one.token }, options)))
                }
              >
                {say.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 1 && (
        <Button
          small
          className="mt-4"
          busy={busy === 'others'}
          onClick={() =>
            end('others', () => answerOf((options) => auth.revokeOtherSessions({ fetchOptions: options })))
          }
        >
          {say.endOthers}
        </Button>
      )}
    </Section>
  )
}

const newestFirst = (a: Listed, b: Listed) => Number(new Date(b.updatedAt)) - Number(new Date(a.updatedAt))

function nameOf({ userAgent }: Listed): string {
  const device = deviceOf(userAgent)
  return device ? say.on(device.browser, device.system) : say.unknown
}

// Whole dates: a clock that is wrong makes no nonsense of them.
const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })

function detailsOf({ createdAt, updatedAt, ipAddress }: Listed, here: boolean): string {
  const since = say.since(moment.format(new Date(createdAt)))
  const active = say.active(moment.format(new Date(updatedAt)))
  return [ipAddress, since, !here && active].filter(Boolean).join(' · ')
}
