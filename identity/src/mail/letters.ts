// What people are told by mail: as text, and the same as HTML. Nothing in them was written by a stranger.
import { escapeHtml } from '../html.js'

export interface Letter {
  /** For logs: says what it is, not for whom. */
  kind: string
  to: string
  subject: string
  text: string
  html: string
}

interface Content {
  kind: string
  subject: string
  paragraphs: string[]
  link?: { label: string; url: string }
  afterwards?: string[]
}

/** The letters of one product. */
export function letters({ appName }: { appName: string }) {
  const write = (to: string, content: Content): Letter => ({
    kind: content.kind,
    to,
    subject: content.subject,
    text: asText(appName, content),
    html: asHtml(appName, content),
  })
  const ignore = 'If this was not you, ignore this mail: nothing changes.'

  return {
    verify: (to: string, url: string) =>
      write(to, {
        kind: 'verify-email',
        subject: `Verify your e-mail address for ${appName}`,
        paragraphs: [`Somebody signed up for ${appName} with this address. If it was you, verify that it is yours:`],
        link: { label: 'Verify my address', url },
        afterwards: ['The link works for one hour.', 'If this was not you, ignore this mail.'],
      }),
    resetPassword: (to: string, url: string) =>
      write(to, {
        kind: 'reset-password',
        subject: `Choose a new password for ${appName}`,
        paragraphs: [`Somebody asked for a new password for your ${appName} account. If it was you, choose one here:`],
        link: { label: 'Choose a new password', url },
        afterwards: ['The link works once, within one hour.', ignore],
      }),
    passwordChanged: (to: string, url: string) =>
      write(to, {
        kind: 'password-changed',
        subject: `Your ${appName} password was changed`,
        paragraphs: [
          `The password of your ${appName} account was changed, and you are logged out everywhere.`,
          'If this was not you, take your account back by choosing another password at once:',
        ],
        link: { label: 'Choose another password', url },
      }),
    accountExists: (to: string, login: string, forgot: string) =>
      write(to, {
        kind: 'account-exists',
        subject: `You already have an account with ${appName}`,
        paragraphs: [`Somebody tried to sign up for ${appName} with this address, which has an account already. If it was you, log in:`],
        link: { label: 'Log in', url: login },
        afterwards: [`If you do not know your password any more, choose a new one: ${forgot}`, ignore],
      }),
    confirmNewAddress: (to: string, newAddress: string, url: string) =>
      write(to, {
        kind: 'confirm-new-address',
        subject: `Change your e-mail address for ${appName}?`,
        paragraphs: [`Somebody who is logged in to your ${appName} account wants to change its address to ${newAddress}. If it was you, confirm it:`],
        link: { label: 'Change my address', url },
        afterwards: [
          'The link works for one hour. Then we send a mail to the new address, to verify it.',
          'If this was not you, do not follow the link, and change your password.',
        ],
      }),
    newAddress: (to: string, url: string) =>
      write(to, {
        kind: 'new-address',
        subject: `Verify your new e-mail address for ${appName}`,
        paragraphs: [`This is to be the new address of a ${appName} account. If the account is yours, verify the address:`],
        link: { label: 'Verify my new address', url },
        afterwards: ['The link works for one hour.', ignore],
      }),
    accountDeleted: (to: string) =>
      write(to, {
        kind: 'account-deleted',
        subject: `Your ${appName} account is deleted`,
        paragraphs: [`Your ${appName} account and everything that belonged to it is deleted, for good. You need not do anything.`],
      }),
  }
}

function asText(appName: string, { paragraphs, link, afterwards = [] }: Content): string {
  return `${[...paragraphs, ...(link ? [link.url] : []), ...afterwards, `-- \n${appName}`].join('\n\n')}\n`
}

// Mail programs know neither style sheets nor variables.
const STYLE = {
  page: 'margin:0;padding:32px 16px;background:#f5f5f4;color:#1c1917;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif',
  sheet: 'max-width:520px;margin:0 auto;padding:32px;background:#ffffff;border-radius:12px',
  name: 'margin:0 0 24px;font-weight:600',
  button: 'display:inline-block;padding:12px 20px;border-radius:8px;background:#1c1917;color:#ffffff;text-decoration:none;font-weight:600',
  small: 'margin:24px 0 0;color:#57534e;font-size:14px;overflow-wrap:anywhere',
}

function asHtml(appName: string, { subject, paragraphs, link, afterwards = [] }: Content): string {
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`
  const url = link && escapeHtml(link.url)
  const button = link && `<p style="margin:24px 0"><a href="${url}" style="${STYLE.button}">${escapeHtml(link.label)}</a></p>`
  const copy = link && `<p style="${STYLE.small}">If the button does not work, open this address:<br><a href="${url}">${url}</a></p>`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="${STYLE.page}">
<div style="${STYLE.sheet}">
<p style="${STYLE.name}">${escapeHtml(appName)}</p>
${[...paragraphs.map(paragraph), button, ...afterwards.map(paragraph), copy].filter(Boolean).join('\n')}
</div>
</body>
</html>
`
}
