import { z } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { type KeyAlgorithm, keyAlgorithms } from './key-algorithm.ts'
import type { PublicKey } from './key-pair.ts'

const setSchema = z.object({
  keys: z
    .array(
      z.looseObject({
        kty: z.string(),
        kid: z.string().max(200).optional(),
        alg: z.string().optional(),
        use: z.string().optional(),
        crv: z.string().optional(),
      }),
    )
    .max(1000),
})

/**
 * The key of a JWKS to seal to: the first that is for sealing, by an algorithm that is taken here.
 * @throws BulkheadError `keys-unreadable`
 */
export async function chooseKey(jwks: unknown): Promise<PublicKey> {
  const set = setSchema.safeParse(jwks)
  if (!set.success) throw fault('keys-unreadable', 'What was given as public keys is no JSON Web Key Set')
  for (const { use, ...jwk } of set.data.keys) {
    const algorithm = algorithmOf(jwk)
    if (algorithm === undefined || (use !== undefined && use !== 'enc')) continue
    if ('d' in jwk)
      throw fault('keys-unreadable', 'What was given as public keys holds a private one', {
        fix: 'Take the public ones, as `bulkhead keys export APPLICATION` prints them, and replace that key',
      })
    const kid = jwk.kid ?? (await calculateJwkThumbprint(jwk as JWK))
    return { ...(jwk as JWK), kid, alg: algorithm, use: 'enc' }
  }
  throw fault('keys-unreadable', `The JSON Web Key Set has no key for ${keyAlgorithms.join(' or ')}`)
}

function algorithmOf({
  kty,
  crv,
  alg,
}: z.output<typeof setSchema>['keys'][number]): KeyAlgorithm | undefined {
  if (alg !== undefined) return keyAlgorithms.find((algorithm) => algorithm === alg)
  if (kty === 'EC' && crv === 'P-256') return 'ECDH-ES+A256KW'
  return kty === 'RSA' ? 'RSA-OAEP-256' : undefined
}
