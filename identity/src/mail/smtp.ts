// Delivers by an SMTP server.
import nodemailer from 'nodemailer'
import type { Letter } from './letters.js'

export function smtp(url: string, from: string) {
  const transport = nodemailer.createTransport(
    // A stuck server holds no mail for longer than this.
    { url, pool: true, maxConnections: 3, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, disableFileAccess: true, disableUrlAccess: true },
    // Nobody answers these by a robot.
    { from, headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' } },
  )
  return {
    deliver: async ({ to, subject, text, html }: Letter): Promise<void> => {
      await transport.sendMail({ to: { name: '', address: to }, subject, text, html })
    },
    close: () => transport.close(),
  }
}
