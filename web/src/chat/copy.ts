import { useEffect, useState } from 'react'
import { strings } from '../strings'
import { toast } from '../ui/toasts'

/** Copies, and says for a moment that it did. */
export function useCopy() {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch {
      toast(strings.chat.actions.copyFailed)
    }
  }
  return { copied, copy }
}
