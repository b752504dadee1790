import { Download } from 'lucide-react'
import { useState } from 'react'
import { problemFrom, problemOf } from '../session/problem'
import { apiFetch } from '../session/session'
import { strings } from '../strings'
import { Button } from '../ui/button'
import { Notice } from '../ui/states'
import { Section } from './section'

const say = strings.people.account.data
const formats = [
  { format: 'markdown', label: say.markdown, hint: say.markdownHint },
  { format: 'ndjson', label: say.ndjson, hint: say.ndjsonHint },
]

export function Export() {
  const [busy, setBusy] = useState<string>()
  const [failure, setFailure] = useState<string>()
  const download = async (format: string) => {
    setBusy(format)
    setFailure(undefined)
    try {
      await saveAs(
        await apiFetch(`/users/me/export?format=${format}`),
        `colloquy.${format === 'ndjson' ? 'ndjson' : 'zip'}`,
      )
    } catch (error) {
      setFailure(error instanceof BrokenOff ? say.failed : problemFrom(error).message)
    }
    setBusy(undefined)
  }
  return (
    <Section title={say.title} text={say.text}>
      <ul className="grid gap-4">
        {formats.map(({ format, label, hint }) => (
          <li key={format} className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <Button small busy={busy === format} onClick={() => download(format)} className="min-w-52 justify-start">
              {busy !== format && <Download className="size-4" aria-hidden />}
              {label}
            </Button>
            <span className="min-w-48 flex-1 text-sm text-muted">{hint}</span>
          </li>
        ))}
      </ul>
      {failure && (
        <Notice tone="danger" className="mt-4">
          {failure}
        </Notice>
      )}
    </Section>
  )
}

class BrokenOff extends Error {}

/** A token is needed, so that a plain link would not do. */
async function saveAs(response: Response, fallback: string) {
  if (!response.ok) throw await problemOf(response)
  const file = await response.blob().catch(() => {
    throw new BrokenOff()
  })
  const name = /filename="?([^";]+)/.exec(response.headers.get('content-disposition') ?? '')?.[1]
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name ?? fallback
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
