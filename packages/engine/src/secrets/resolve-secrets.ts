import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { BulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { isSecretReference } from '../application/application.ts'
import { Secret } from './secret.ts'
import { secretVariable, takenSecret } from './secret-variables.ts'

/** Keys and tokens are far smaller; a file that is not is no secret. */
const largestBytes = 64 * 1024

/** As `name` in the contract: no `--`, no dot, no slash, so that it can be part of a path and of a variable. */
const namePattern = /^(?!.*--)[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/

/** Finds the secrets of one application (I6, I7). */
export interface SecretResolver {
  /**
   * @param path  where the reference stands, for the error
   * @throws BulkheadError `secret-not-found`, naming both places; `secret-unreadable`
   */
  resolve(name: string, path?: string): Promise<Secret>
}

/**
 * Looks in the environment first, then in the folder of mounted files, and only below the
 * application's own name in both.
 *
 * @param folder   `$BULKHEAD_SECRETS_DIR`; undefined when there is none
 * @param onFound  told every value, so that a redactor knows it before anyone else does
 */
export function createSecretResolver(options: {
  readonly application: string
  readonly folder: string | undefined
  readonly onFound: (secret: Secret) => void
}): SecretResolver {
  const { application, folder, onFound } = options
  return {
    async resolve(name, path) {
      if (!namePattern.test(name) || !namePattern.test(application))
        throw fault('secret-not-found', `"${name.slice(0, 60)}" is not the name of a secret`, {
          ...(path !== undefined && { path }),
          fix: 'Write lower-case letters, digits and single hyphens',
        })
      const secret =
        takenSecret(application, name) ??
        (folder === undefined ? undefined : await readSecretFile(folder, application, name))
      if (secret === undefined) throw notFound(application, name, folder, path)
      onFound(secret)
      return secret
    },
  }
}

/**
 * Settings with every `{ secret: NAME }` replaced by its value, in clear: what a connector gets.
 * @throws BulkheadError as `resolve` does, with the path of the setting
 */
export async function resolveSecrets(
  config: Readonly<Record<string, unknown>>,
  path: string,
  secrets: SecretResolver,
): Promise<Record<string, unknown>> {
  const resolve = async (value: unknown, at: string): Promise<unknown> => {
    if (isSecretReference(value)) return (await secrets.resolve(value.secret, at)).reveal()
    if (value instanceof Secret) return value.reveal()
    if (Array.isArray(value)) return Promise.all(value.map((item, index) => resolve(item, `${at}[${index}]`)))
    if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value).map(
        async ([key, item]) => [key, await resolve(item, `${at}.${key}`)] as const,
      )
      return Object.fromEntries(await Promise.all(members))
    }
    return value
  }
  return (await resolve(config, path)) as Record<string, unknown>
}

function notFound(
  application: string,
  name: string,
  folder: string | undefined,
  path: string | undefined,
): BulkheadError {
  const variable = secretVariable(application, name)
  const file = `$BULKHEAD_SECRETS_DIR/${application}/${name}`
  const where = folder === undefined ? 'BULKHEAD_SECRETS_DIR is not set' : `the file ${file} is not there`
  return fault(
    'secret-not-found',
    `The secret "${name}" of application "${application}" is not there: ${variable} is not set, and ${where}`,
    { ...(path !== undefined && { path }), fix: `Set ${variable}, or create the file ${file}` },
  )
}

async function readSecretFile(
  folder: string,
  application: string,
  name: string,
): Promise<Secret | undefined> {
  const shown = `$BULKHEAD_SECRETS_DIR/${application}/${name}`
  const unreadable = (reason: string, fix: string, cause?: unknown): BulkheadError =>
    fault('secret-unreadable', `The secret file ${shown} ${reason}`, { fix, cause })

  let file: FileHandle
  try {
    const path = await confinedPath(folder, application, name)
    if (path === undefined)
      throw unreadable('leads out of the folder of its application', 'Put the file itself there, not a link')
    // a pipe that somebody put there must not stop the run
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof BulkheadError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(
      `cannot be read (${code ?? 'unknown fault'})`,
      'Make it readable for the user that runs Bulkhead',
      error,
    )
  }
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw unreadable('is not a file', 'Put a plain file there')
    if ((stats.mode & 0o002) !== 0)
      throw unreadable('can be written by everyone', 'Take that right away: chmod o-w')
    if (stats.size > largestBytes)
      throw unreadable(`is larger than ${largestBytes} bytes`, 'Put the secret alone into the file')
    const value = decoded(await file.readFile())
    if (value === undefined) throw unreadable('is not UTF-8 text', 'Write the secret as text')
    if (value === '') throw unreadable('is empty', 'Write the secret into it')
    return new Secret(value)
  } finally {
    await file.close()
  }
}

/**
 * The file's real path when it lies in the real folder of the application. Links inside that folder
 * are followed, because mounted Kubernetes secrets are made of them.
 */
async function confinedPath(folder: string, application: string, name: string): Promise<string | undefined> {
  const root = await realpath(folder)
  const own = await realpath(join(root, application))
  const path = await realpath(join(own, name))
  return isInside(root, own) && basename(own) === application && isInside(own, path) ? path : undefined
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`)
}

/** Without the line end that editors add; undefined when it is not text. */
function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    return undefined
  } finally {
    bytes.fill(0)
  }
}
