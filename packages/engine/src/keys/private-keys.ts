import { join } from 'node:path'
import { fault } from '@bulkhead/contract'
import { type CryptoKey, importJWK, type JWK } from 'jose'
import { requirePrivate, unusable } from '../links/state-folder.ts'
import type { KeyAlgorithm } from './key-algorithm.ts'
import { isKeyId, keyFolder, readKeyFile, removeKeyFile, writeKeyFile } from './key-files.ts'
import { makeKeyPair } from './key-pair.ts'
import { type ListedKey, listKeys } from './public-keys.ts'

/**
 * Private keys: who makes, changes or opens with them. A server imports nothing of this (I6): it publishes and
 * seals by public keys alone.
 */

/**
 * The first key of an algorithm.
 * @throws BulkheadError `key-exists`, `state-folder-unusable`, `disk-full`
 */
export async function createKey(
  stateFolder: string,
  application: string,
  algorithm: KeyAlgorithm,
  nowMs: number,
): Promise<ListedKey> {
  const keys = await listKeys(stateFolder, application)
  if (keys.some(({ key }) => key.alg === algorithm))
    throw fault('key-exists', `The application "${application}" has a key for ${algorithm}`, {
      fix: `Replace it by a new one: \`bulkhead keys rotate ${application} --algorithm ${algorithm}\``,
    })
  return writeKey(stateFolder, application, algorithm, nowMs)
}

/**
 * A new current key; those before it still open, until they are removed.
 * @throws BulkheadError `key-missing`, `state-folder-unusable`, `disk-full`
 */
export async function rotateKey(
  stateFolder: string,
  application: string,
  algorithm: KeyAlgorithm,
  nowMs: number,
): Promise<ListedKey> {
  const newest = (await listKeys(stateFolder, application)).find(({ key }) => key.alg === algorithm)
  if (newest === undefined)
    throw fault('key-missing', `The application "${application}" has no key for ${algorithm}`, {
      fix: `Make one: \`bulkhead keys create ${application} --algorithm ${algorithm}\``,
    })
  // also when a clock was put back
  return writeKey(stateFolder, application, algorithm, Math.max(nowMs, newest.createdAtMs + 1))
}

/**
 * Removes a key: what was sealed to it can never be opened again.
 * @throws BulkheadError `key-unknown`; `key-current` when an older one would become current again
 */
export async function removeKey(stateFolder: string, application: string, kid: string): Promise<void> {
  const keys = await listKeys(stateFolder, application)
  const listed = keys.find(({ key }) => key.kid === kid)
  if (listed?.current === true && keys.filter(({ key }) => key.alg === listed.key.alg).length > 1)
    throw fault('key-current', `The key ${kid} is the current one, and an older one would take its place`, {
      fix: `Remove the older ones first, or make a new one: \`bulkhead keys rotate ${application}\``,
    })
  // the public part first: nobody seals to a key that cannot open any more
  const known = isKeyId(kid) && [
    await removeKeyFile(keyFolder(stateFolder, 'public-keys', application), kid),
    await removeKeyFile(keyFolder(stateFolder, 'keys', application), kid),
  ]
  if (known === false || !known.includes(true))
    throw fault('key-unknown', `The application "${application}" has no key ${kid.slice(0, 60)}`, {
      fix: `See \`bulkhead keys list ${application}\``,
    })
}

/**
 * A private key to open with; it cannot be taken out of its wrapping again.
 * @returns undefined when the application has no such key
 * @throws BulkheadError `state-folder-unusable`, also when others can read the file
 */
export async function openPrivateKey(
  stateFolder: string,
  application: string,
  kid: string,
): Promise<{ readonly key: CryptoKey | Uint8Array; readonly algorithm: string } | undefined> {
  if (!isKeyId(kid)) return undefined
  const folder = keyFolder(stateFolder, 'keys', application)
  const jwk = (await readKeyFile(folder, kid)) as JWK | null | undefined
  if (jwk === undefined) return undefined
  const path = join(folder, `${kid}.json`)
  await requirePrivate(path)
  try {
    const algorithm = String(jwk?.alg)
    return { key: await importJWK({ ...jwk, ext: false }, algorithm), algorithm }
  } catch {
    throw unusable(path, Object.assign(new Error('It is no key'), { code: 'no key' }))
  }
}

async function writeKey(
  stateFolder: string,
  application: string,
  algorithm: KeyAlgorithm,
  createdAtMs: number,
): Promise<ListedKey> {
  const { publicKey, privateKey } = await makeKeyPair(algorithm)
  const { kid } = publicKey
  // in this order: a key that is published can open
  await writeKeyFile(keyFolder(stateFolder, 'keys', application), kid, privateKey)
  await writeKeyFile(keyFolder(stateFolder, 'public-keys', application), kid, { createdAtMs, key: publicKey })
  return { key: publicKey, createdAtMs, current: true }
}
