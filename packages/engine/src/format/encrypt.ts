import { fault } from '@bulkhead/contract'
import type { ByteStage } from './byte-stage.ts'
import { startPump } from './pump.ts'

/**
 * A stage that encrypts into the next, so that only the recipients can read the file.
 * The library is loaded when the first file is encrypted.
 *
 * @param recipients  public keys, `age1...`; each of them alone can open the file
 * @throws BulkheadError `encrypt-recipient-invalid` with the path of the recipient
 * @see https://age-encryption.org/v1
 */
export async function encryptInto(next: ByteStage, recipients: readonly string[]): Promise<ByteStage> {
  if (recipients.length === 0) return next
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient)
    } catch {
      // Neither the text nor the library's message: somebody may have given the secret key.
      throw fault('encrypt-recipient-invalid', 'A recipient is not an age public key', {
        path: `output.encrypt.age[${index}]`,
        ...(recipient.startsWith('AGE-SECRET-KEY')
          ? { fix: 'This is a secret key: give the public key that belongs to it, and make a new pair' }
          : {}),
      })
    }
  }
  // Holds nothing back: a write resolves when the encrypter has taken the piece.
  const plain = new TransformStream<Uint8Array, Uint8Array>()
  const writer = plain.writable.getWriter()
  writer.closed.catch(() => {})
  const pump = startPump(() => encrypter.encrypt(plain.readable), next)

  return {
    async write(bytes) {
      for (let from = 0; from < bytes.length; from += chunkBytes) {
        // Copied: the encrypter may look at it later.
        await pump.until(writer.write(new Uint8Array(bytes.subarray(from, from + chunkBytes))))
      }
    },
    async end() {
      await pump.until(writer.close())
      await pump.done
      await next.end()
    },
    abort() {
      writer.abort().catch(() => {})
      next.abort()
    },
  }
}

/** The size in which age encrypts. */
const chunkBytes = 64 * 1024
