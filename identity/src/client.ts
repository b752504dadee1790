// Where a client is: what the connection says, or the gateway that it comes from.
import type { IncomingMessage } from 'node:http'
import { includes, isAddress, plain, type Peers } from './network.js'

/** The one header that says so to Better Auth; it is set here, and taken from nobody. */
export const CLIENT_HEADER = 'x-colloquy-client'

/** Undefined where only a gateway would know, and does not say. */
export function clientOf(request: IncomingMessage, trusted: Peers): string | undefined {
  const peer = plain(request.socket.remoteAddress ?? '')
  if (!isAddress(peer)) return undefined
  if (!includes(trusted, peer)) return peer
  // The last address is the one that the gateway itself wrote.
  const last = request.headersDistinct['x-forwarded-for']?.at(-1)?.split(',').at(-1)?.trim() ?? ''
  return isAddress(last) ? plain(last) : undefined
}
