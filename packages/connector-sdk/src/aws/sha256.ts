import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'

type Bytes = string | ArrayBuffer | ArrayBufferView

/** The digest as the signer of the AWS SDK wants it: with a key, or without. */
export class Sha256 {
  readonly #key: Bytes | undefined
  #digest: Hash | Hmac

  constructor(key?: Bytes) {
    this.#key = key
    this.#digest = begin(key)
  }
  update(data: Uint8Array | string): void {
    this.#digest.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#digest.digest()
  }
  reset(): void {
    this.#digest = begin(this.#key)
  }
}

function begin(key: Bytes | undefined): Hash | Hmac {
  if (key === undefined) return createHash('sha256')
  if (typeof key === 'string') return createHmac('sha256', key)
  const bytes = ArrayBuffer.isView(key)
    ? new Uint8Array(key.buffer, key.byteOffset, key.byteLength)
    : new Uint8Array(key)
  return createHmac('sha256', bytes)
}
