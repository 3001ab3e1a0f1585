import { hkdfSync } from 'node:crypto'

/**
 * The key with which one application signs its links: of no use for those of another, and the master
 * key cannot be found from it (I7).
 */
export interface LinkKey {
  readonly application: string
  readonly bytes: Uint8Array
}

const KEY_BYTES = 32

/** Derives the key of an application. @see RFC 5869; the master is uniform, so that it needs no salt */
export function deriveLinkKey(master: { readonly bytes: Uint8Array }, application: string): LinkKey {
  return { application, bytes: derive(master, `bulkhead links 1 application ${application}`) }
}

/**
 * A short public name of a master key, by which a signer recognises the server that has the same one.
 * Derived apart from the keys, of which it tells nothing.
 */
export function keyName(master: { readonly bytes: Uint8Array }): string {
  return Buffer.from(derive(master, 'bulkhead links 1 name')).toString('hex').slice(0, 16)
}

function derive(master: { readonly bytes: Uint8Array }, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master.bytes, '', purpose, KEY_BYTES))
}
