// The groups of the sidebar: what is pinned, then by the day of the last change.
import type { Conversation } from '../api/client'
import { locale, strings } from '../strings'

export interface Group {
  title: string
  items: Conversation[]
}

const daysAgo = (now: Date, days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days)

export function groupsOf(conversations: readonly Conversation[], now: Date, language = locale): Group[] {
  const groups = new Map<string, Conversation[]>()
  for (const conversation of conversations) {
    const title = titleOf(conversation, now, language)
    const group = groups.get(title)
    if (group) group.push(conversation)
    else groups.set(title, [conversation])
  }
  return [...groups].map(([title, items]) => ({ title, items }))
}

function titleOf({ pinned, updated_at }: Conversation, now: Date, language: string): string {
  const say = strings.chat.list
  if (pinned) return say.pinned
  const changed = updated_at ? new Date(updated_at) : now
  if (changed >= daysAgo(now, 0)) return say.today
  if (changed >= daysAgo(now, 1)) return say.yesterday
  if (changed >= daysAgo(now, 7)) return say.week
  if (changed >= daysAgo(now, 30)) return say.month
  const year = changed.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return new Intl.DateTimeFormat(language, { month: 'long', year }).format(changed)
}
