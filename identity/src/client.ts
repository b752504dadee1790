// Where a client is: what the connection says, or the gateway that it comes from.
import type { IncomingMessage } from 'node:http'
import type { Log } from './log.js'
import { includes, isAddress, isInternal, plain, type Peers } from './network.js'

/** The one header that says so to Better Auth; it is set here, and taken from nobody. */
export const CLIENT_HEADER = 'x-colloquy-client'

/** The address is undefined where only a gateway would know, and does not say. */
export interface Client {
  address: string | undefined
  /** What was asked for, as the client wrote it. */
  host: string
}

/** Finds clients. A gateway that was not named is told of once. */
export function clients(trusted: Peers, log: Log): (request: IncomingMessage) => Client {
  let warned = false
  return (request) => {
    const { host = '' } = request.headers
    const peer = plain(request.socket.remoteAddress ?? '')
    if (!isAddress(peer)) return { address: undefined, host }
    if (!includes(trusted, peer)) {
      if (!isInternal(peer) || !request.headersDistinct['x-forwarded-for']) return { address: peer, host }
      // As one, each could use up what all of them may.
      if (!warned) log.warn('a gateway sends X-Forwarded-For and IDENTITY_TRUSTED_PROXIES does not name it: its clients are not told apart', { gateway: peer })
      warned = true
      return { address: undefined, host }
    }
    const last = (name: string) => request.headersDistinct[name]?.at(-1)?.split(',').at(-1)?.trim()
    // The last one is what the gateway itself wrote.
    const address = last('x-forwarded-for') ?? ''
    return { address: isAddress(address) ? plain(address) : undefined, host: last('x-forwarded-host') ?? host }
  }
}
