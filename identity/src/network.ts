// Addresses: which are this machine's, and who may speak for others.
import { BlockList, isIP } from 'node:net'

/** Addresses and networks. */
export type Peers = BlockList

export const isAddress = (text: string) => isIP(text) !== 0

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** IPv4 addresses as they are, also where a socket for both families shows them in IPv6. */
export const plain = (address: string) => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address

export const includes = (peers: Peers, address: string) => peers.check(address, family(address))

export function parsePeers(values: string[], refuse: (value: string) => void): Peers {
  const peers = new BlockList()
  for (const value of values) {
    const [, address = '', , prefix] = /^([^/]+)(\/(\d{1,3}))?$/.exec(value) ?? []
    const bits = isIP(address) === 6 ? 128 : 32
    if (!isAddress(address) || Number(prefix ?? 0) > bits) refuse(value)
    else peers.addSubnet(address, Number(prefix ?? bits), family(address))
  }
  return peers
}

const loopback = parsePeers(['127.0.0.0/8', '::1'], () => {})

const internal = parsePeers(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '::1', 'fc00::/7', 'fe80::/10'], () => {})

/** Whether an address belongs to no public network, where clients would be. */
export const isInternal = (address: string) => includes(internal, address)

/** Whether a host, as it stands in a URL, is this machine. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  return address === 'localhost' || address.endsWith('.localhost') || (isAddress(address) && includes(loopback, address))
}
