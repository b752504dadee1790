// `GET …/outbox`: the mails of a stack in development, for those who sit at its machine.
import { escapeHtml } from './html.js'
import type { Delivered, Outbox } from './mail/outbox.js'

export interface Page {
  status: number
  html: string
}

/** `path` is what follows `/outbox`. */
export async function outboxPage(outbox: Outbox, base: string, path: string): Promise<Page> {
  if (path === '' || path === '/') return { status: 200, html: list(base, await outbox.list()) }
  const html = await outbox.html(path.slice(1))
  return html ? { status: 200, html } : { status: 404, html: frame('No such mail', `<p><a href="${base}/outbox">All mails</a></p>`) }
}

function list(base: string, mails: Delivered[]): string {
  if (mails.length === 0) return frame('Mails', '<p>No mail has been sent yet.</p>')
  return frame('Mails', mails.map((mail) => entry(base, mail)).join('\n'))
}

function entry(base: string, { name, text }: Delivered): string {
  const [head = '', ...body] = text.split('\n\n')
  const field = (label: string) => escapeHtml(new RegExp(`^${label}: (.*)$`, 'm').exec(head)?.[1] ?? '')
  const linked = escapeHtml(body.join('\n\n')).replace(/https?:\/\/\S+/g, (url) => `<a href="${url}">${url}</a>`)
  return `<article>
<h2>${field('Subject')}</h2>
<p>To ${field('To')}, <time>${field('Date')}</time>, <a href="${base}/outbox/${name}">as its reader sees it</a></p>
<pre>${linked}</pre>
</article>`
}

const frame = (title: string, content: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 720px; margin: 32px auto; padding: 0 16px }
article { margin: 32px 0; padding-top: 16px; border-top: 1px solid #8884 }
h2 { margin: 0; font-size: 1.1rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
</style>
</head>
<body>
<h1>${title}</h1>
<p>Mails go to nobody here: there is no SMTP_URL. These are the newest.</p>
${content}
</body>
</html>
`
