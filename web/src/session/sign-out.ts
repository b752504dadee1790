import { useLocation } from 'wouter'
import { finishRemovals } from '../conversations/removal'
import { strings } from '../strings'
import { toast } from '../ui/toasts'
import { useSessionChanged } from './session'

/** Ends the session everywhere in this browser. */
export function useSignOut() {
  const changed = useSessionChanged()
  const [, navigate] = useLocation()
  return async () => {
    await finishRemovals()
    const headers = { 'content-type': 'application/json' }
    const response = await fetch('/api/auth/sign-out', { method: 'POST', headers, body: '{}' }).catch(() => undefined)
    if (!response?.ok) return void toast(strings.common.session.unreachable)
    await changed('left')
    navigate('/')
  }
}
