import { randomBytes } from 'node:crypto'
import { open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { name } from '@bulkhead/contract'
import { makePrivateFolder, unusable } from '../links/state-folder.ts'

/**
 * Where keys lie in the state folder. Private and public parts lie apart, so that who publishes or seals can be
 * given the one without the other, and each application has folders of its own (I7):
 *
 *     keys/<application>/<kid>.json           private, JWK
 *     public-keys/<application>/<kid>.json    public, JWK and when it was made
 */
export function keyFolder(stateFolder: string, part: 'keys' | 'public-keys', application: string): string {
  // names are checked where they come from; here they become part of a path
  if (!name.safeParse(application).success) throw new TypeError('Not the name of an application')
  return join(stateFolder, part, application)
}

/** A SHA-256 thumbprint, base64url: what may be part of a file's name. */
export function isKeyId(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text)
}

/**
 * Writes a file that its owner alone can read, whole or not at all.
 * @throws BulkheadError `state-folder-unusable`, `disk-full`
 */
export async function writeKeyFile(folder: string, kid: string, content: unknown): Promise<void> {
  const path = join(folder, `${kid}.json`)
  const own = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  const bytes = Buffer.from(`${JSON.stringify(content)}\n`)
  try {
    await makePrivateFolder(folder)
    try {
      const file = await open(own, 'wx', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(own, path)
    } catch (error) {
      await unlink(own).catch(() => undefined)
      throw error
    }
  } catch (error) {
    throw unusable(path, error)
  } finally {
    bytes.fill(0)
  }
}

/** The JSON of a key file; undefined when it is not there. @throws BulkheadError `state-folder-unusable` */
export async function readKeyFile(folder: string, kid: string): Promise<unknown> {
  const path = join(folder, `${kid}.json`)
  let bytes: Buffer | undefined
  try {
    bytes = await readFile(path)
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    // what V8 says of text that is no JSON quotes it
    const reason =
      error instanceof SyntaxError ? Object.assign(new Error('It is no key'), { code: 'no JSON' }) : error
    throw unusable(path, reason)
  } finally {
    bytes?.fill(0)
  }
}

/** @returns whether it was there */
export async function removeKeyFile(folder: string, kid: string): Promise<boolean> {
  const path = join(folder, `${kid}.json`)
  try {
    await unlink(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw unusable(path, error)
  }
}
