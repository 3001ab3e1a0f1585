import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { KeyAlgorithm } from './key-algorithm.ts'

/** A public key to seal to, as it stands in a JWKS. @see RFC 7517 */
export interface PublicKey extends JWK {
  /** Its thumbprint. @see RFC 7638 */
  readonly kid: string
  readonly alg: KeyAlgorithm
  readonly use: 'enc'
}

export interface KeyPair {
  readonly publicKey: PublicKey
  readonly privateKey: JWK
}

/** Until 2030 and beyond. @see NIST SP 800-57 part 1, table 2 */
const rsaBits = 3072

/** P-256 for ECDH-ES, 3072 bits for RSA. */
export async function makeKeyPair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  const pair = await generateKeyPair(algorithm, { crv: 'P-256', modulusLength: rsaBits, extractable: true })
  const publicPart = await exportJWK(pair.publicKey)
  const kid = await calculateJwkThumbprint(publicPart)
  const named = { kid, alg: algorithm, use: 'enc' } as const
  return {
    publicKey: { ...publicPart, ...named },
    privateKey: { ...(await exportJWK(pair.privateKey)), ...named },
  }
}
