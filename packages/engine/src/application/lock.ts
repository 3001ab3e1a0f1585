import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isBulkheadError, z } from '@bulkhead/connector-sdk'
import { fault, formatPath } from '@bulkhead/contract'
import type { Catalog } from '../catalog/catalog.ts'
import type { Application, LockFile } from './application.ts'
import { readApplicationFile } from './application-files.ts'

export const lockFileName = 'application.lock.json'

const lockSchema = z.object({
  lockfileVersion: z.literal(1),
  connectors: z.record(z.string(), z.object({ version: z.string(), integrity: z.string() })),
})

/**
 * The connectors that an application uses, exactly: the newest installed version that each reference
 * fits. Keys are the references as the manifest writes them, `postgres@^1`.
 * @throws BulkheadError `connector-unknown`
 */
export function lockOf(application: Application, catalog: Catalog): LockFile {
  const connectors = connectorReferences(application).map(({ reference, path }) => {
    const entry = catalog.resolve(reference, path)
    return [reference, { version: entry.version, integrity: entry.integrity() }] as const
  })
  return {
    lockfileVersion: 1,
    connectors: Object.fromEntries(connectors.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/**
 * What is installed against what the application was made with, as sentences for plan and reply.
 * A stale lock changes nothing by itself: the installed connector is used, and this says so.
 */
export function checkLock(application: Application, catalog: Catalog): string[] {
  if (connectorReferences(application).length === 0) return []
  const locked = application.lock?.connectors
  if (locked === undefined)
    return [
      `The application has no ${lockFileName}: run \`bulkhead lock\` to hold its connectors at a version`,
    ]
  return Object.entries(lockOf(application, catalog).connectors).flatMap(([reference, installed]) => {
    const wanted = Object.hasOwn(locked, reference) ? locked[reference] : undefined
    if (wanted === undefined)
      return [`lock-stale: ${reference} is not in ${lockFileName}; run \`bulkhead lock\``]
    if (wanted.version !== installed.version)
      return [
        `lock-stale: ${reference} was locked at ${wanted.version} and ${installed.version} is installed; install that version, or run \`bulkhead lock\``,
      ]
    return wanted.integrity === installed.integrity
      ? []
      : [
          `lock-stale: ${reference} ${installed.version} has other files than when it was locked; run \`bulkhead lock\` to accept them`,
        ]
  })
}

/**
 * Reads the lock of an application; undefined when it has none.
 * @throws BulkheadError `manifest-unreadable`
 */
export async function readLock(folder: string): Promise<LockFile | undefined> {
  let text: string
  try {
    text = new TextDecoder().decode((await readApplicationFile(folder, lockFileName)).bytes)
  } catch (error) {
    if (isBulkheadError(error) && error.code === 'file-not-found') return undefined
    throw unreadable(error)
  }
  try {
    return lockSchema.parse(JSON.parse(text))
  } catch (error) {
    throw unreadable(error)
  }
}

/** Writes the lock of an application, whole or not at all. */
export async function writeLock(folder: string, lock: LockFile): Promise<void> {
  const temporary = join(folder, `.${lockFileName}.${process.pid}`)
  await writeFile(temporary, `${JSON.stringify(lock, undefined, 2)}\n`)
  await rename(temporary, join(folder, lockFileName))
}

/** Where a manifest names a connector, and how. */
function connectorReferences({
  manifest,
}: Application): { readonly reference: string; readonly path: string }[] {
  return (['connections', 'stores'] as const).flatMap((section) =>
    Object.entries(manifest.spec[section]).map(([name, { connector }]) => ({
      reference: connector,
      path: formatPath(['spec', section, name, 'connector']),
    })),
  )
}

function unreadable(cause: unknown): Error {
  return fault('manifest-unreadable', `${lockFileName} cannot be read`, {
    fix: 'Run `bulkhead lock` to make it anew',
    cause,
  })
}
