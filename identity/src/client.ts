// Where a client is: what the connection says, or the gateway that it comes from.
import type { IncomingMessage } from 'node:http'
import { includes, isAddress, plain, type Peers } from './network.js'

/** The one header that says so to Better Auth; it is set here, and taken from nobody. */
export const CLIENT_HEADER = 'x-colloquy-client'

/** The address is undefined where only a gateway would know, and does not say. */
export interface Client {
  address: string | undefined
  /** What was asked for, as the client wrote it. */
  host: string
}

export function clientOf(request: IncomingMessage, trusted: Peers): Client {
  const { host = '' } = request.headers
  const peer = plain(request.socket.remoteAddress ?? '')
  if (!isAddress(peer)) return { address: undefined, host }
  if (!includes(trusted, peer)) return { address: peer, host }
  const last = (name: string) => request.headersDistinct[name]?.at(-1)?.split(',').at(-1)?.trim()
  // The last one is what the gateway itself wrote.
  const address = last('x-forwarded-for') ?? ''
  return { address: isAddress(address) ? plain(address) : undefined, host: last('x-forwarded-host') ?? host }
}
