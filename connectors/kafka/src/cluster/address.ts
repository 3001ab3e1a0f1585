import type { Broker } from '@platformatic/kafka'

/** `kafka-1:9092` or `[::1]:9092`, which the schema has checked. */
export function brokerOf(address: string): Broker {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}

/** The address as people write it. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
