import { readdir } from 'node:fs/promises'
import { z } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { unusable } from '../links/state-folder.ts'
import { keyAlgorithms } from './key-algorithm.ts'
import { isKeyId, keyFolder, readKeyFile } from './key-files.ts'
import type { PublicKey } from './key-pair.ts'

/** A key of an application, without its private part. */
export interface ListedKey {
  readonly key: PublicKey
  readonly createdAtMs: number
  /** Published, and sealed to from now on. Those before it still open what was sealed to them. */
  readonly current: boolean
}

const fileSchema = z.object({
  createdAtMs: z.number(),
  key: z
    .looseObject({ kid: z.string(), alg: z.enum(keyAlgorithms), use: z.literal('enc') })
    // a private part has no business here
    .refine((key) => !('d' in key)),
})

/**
 * The public keys of an application, newest first. Reads no private key. Of each algorithm the newest is current.
 * @throws BulkheadError `state-folder-unusable`
 */
export async function listKeys(stateFolder: string, application: string): Promise<readonly ListedKey[]> {
  const folder = keyFolder(stateFolder, 'public-keys', application)
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unusable(folder, error)
  })
  const kids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length))
  const read = await Promise.all(kids.filter(isKeyId).map((kid) => readKeyFile(folder, kid)))
  const files = read.flatMap((content) => fileSchema.safeParse(content).data ?? [])
  const sorted = files.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.key.kid < b.key.kid ? -1 : 1))
  const newest = new Set(
    keyAlgorithms.map((algorithm) => sorted.find(({ key }) => key.alg === algorithm)?.key.kid),
  )
  return sorted.map(({ key, createdAtMs }) => ({ key, createdAtMs, current: newest.has(key.kid) }))
}

/**
 * What is published: the current key of each algorithm, the one to prefer first. Old keys are left out, so that
 * nobody seals to a key that is about to go.
 * @see RFC 7517, section 5
 */
export async function publishedKeys(
  stateFolder: string,
  application: string,
): Promise<{ readonly keys: readonly PublicKey[] }> {
  const current = (await listKeys(stateFolder, application)).filter((listed) => listed.current)
  const rank = ({ key }: ListedKey): number => keyAlgorithms.indexOf(key.alg)
  return { keys: current.toSorted((a, b) => rank(a) - rank(b)).map(({ key }) => key) }
}

/**
 * The key to seal to.
 * @throws BulkheadError `key-missing`, `state-folder-unusable`
 */
export async function sealingKey(stateFolder: string, application: string): Promise<PublicKey> {
  const [key] = (await publishedKeys(stateFolder, application)).keys
  if (key !== undefined) return key
  throw fault('key-missing', `The application "${application}" has no key to seal credentials to`, {
    fix: `Make one: \`bulkhead keys create ${application}\``,
  })
}
