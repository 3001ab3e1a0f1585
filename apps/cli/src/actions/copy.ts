import { mkdtemp, rename, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Store } from '@bulkhead/connector-sdk'
import { fault, type ReplyEvent } from '@bulkhead/contract'
import { lockOf, writeLock } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { copyApplication, COPY_JOB, COPY_NAME, type CopyApplication } from '../copy/copy-application.ts'
import { readEndpoint, type Endpoint } from '../copy/endpoint.ts'
import type { Answer } from '../terminal/answer.ts'
import { printable } from '../terminal/printable.ts'
import { formatBytes, formatDuration, formatNumber } from '../terminal/quantities.ts'
import type { Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { connectorRoots, installedCatalog } from './installed.ts'
import { processOptions } from './platform.ts'

export interface CopyOptions {
  readonly query?: string
  readonly force?: boolean
}

/** Copies by an application that is made for it: the same run as any other, to exactly the place that was named. */
export async function copy(
  from: string,
  to: string,
  options: CopyOptions,
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const target = readEndpoint(to, 'TO')
  const application = copyApplication({
    from: readEndpoint(from, 'FROM'),
    to: target,
    query: options.query,
    folder: terminal.folder,
    environment: terminal.environment,
  })
  const replaced = await replacedFile(target, options, terminal)
  // Under another name until it is complete, where a file has to give way.
  const name =
    replaced === undefined ? application.target : `${application.target}.${randomBytes(6).toString('hex')}`
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-copy-'))
  try {
    await writeApplication(folder, application)
    const reply = await runCopy(folder, name, application, terminal, report)
    const location = await placed(reply, replaced)
    return answerOf(from, location, reply)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The file that has to give way; undefined when there is none. */
async function replacedFile(
  target: Endpoint,
  { force }: CopyOptions,
  terminal: Terminal,
): Promise<string | undefined> {
  if (target.kind !== 'file') {
    if (force !== true) return undefined
    throw fault('usage', '--force replaces files, and no objects', {
      path: '--force',
      fix: 'Remove the object first, or choose another key',
    })
  }
  const path = resolve(terminal.folder, target.path)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  if (force === true && found.isFile()) return path
  throw fault('usage', `${target.path} is there already`, {
    path: 'TO',
    fix: found.isFile() ? 'Choose another name, or give --force' : 'Name a file',
  })
}

async function writeApplication(folder: string, { manifest }: CopyApplication): Promise<void> {
  await writeFile(join(folder, 'application.yaml'), JSON.stringify(manifest), { mode: 0o600 })
  const application = await readApplication(folder, { variables: {} })
  await writeLock(folder, lockOf(application, await installedCatalog()))
}

async function runCopy(
  folder: string,
  name: string,
  { secrets }: CopyApplication,
  terminal: Terminal,
  report: Reporter,
): Promise<ReplyEvent> {
  const { runRequest } = await import('@bulkhead/runner')
  const environment: NodeJS.ProcessEnv = { ...terminal.environment }
  for (const [secret, value] of Object.entries(secrets))
    environment[`BULKHEAD_SECRET__${COPY_NAME.toUpperCase()}__${secret.toUpperCase().replaceAll('-', '_')}`] =
      value
  const { reply, error } = await runRequest({
    ...processOptions(terminal, report),
    environment,
    application: {
      folder,
      workingFolder: terminal.folder,
      // Who types the command is who decides about this machine.
      variables: { BULKHEAD_ALLOW_LOOPBACK: '1' },
    },
    connectorRoots: connectorRoots(),
    request: () => Promise.resolve({ requestId: `copy-${randomBytes(6).toString('hex')}`, job: COPY_JOB }),
    onProgress: (progress) => report.progress(progress),
    openStore: async (_, open) => storeAt(await open(), name),
    openLinks: () => Promise.resolve(() => Promise.resolve({ url: 'none:', expiresAtMs: 0 })),
  })
  if (error !== undefined) throw error
  for (const warning of reply.data.warnings) report.log('warn', warning)
  return reply
}

/** The store, but the result gets the name that was asked for, and no folder of a run. */
function storeAt(store: Store, name: string): Store {
  return {
    check: (signal) => store.check(signal),
    create: (object, signal) => store.create({ ...object, key: name }, signal),
    link: () => Promise.resolve({ url: 'none:', expiresAtMs: 0 }),
    remove: (object, signal) => store.remove(object, signal),
    sweep: () => Promise.reject(new Error('A copy has no folder of its own')),
    createIfAbsent: () => Promise.reject(new Error('A copy is not remembered')),
    readStart: () => Promise.reject(new Error('A copy is not remembered')),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/** Where the result lies, after it has taken the place of an older file. */
async function placed({ data }: ReplyEvent, replaced: string | undefined): Promise<string> {
  const location = data.result?.files[0]?.location ?? ''
  if (replaced === undefined) return location
  const path = new URL(location).pathname
  const made = join(dirname(replaced), decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)))
  try {
    await rename(made, replaced)
  } catch (error) {
    await unlink(made).catch(() => undefined)
    throw error
  }
  return location.slice(0, location.lastIndexOf('.'))
}

function answerOf(from: string, location: string, { data }: ReplyEvent): Answer {
  const [file] = data.result?.files ?? []
  const rows = data.result?.rows ?? null
  const bytes = data.result?.bytes ?? 0
  const durationMs =
    Date.parse(data.finishedAt ?? data.acceptedAt) - Date.parse(data.startedAt ?? data.acceptedAt)
  return {
    value: {
      from,
      to: location,
      rows,
      bytes,
      format: file?.format,
      compression: file?.compression,
      checksum: file?.checksum,
      durationMs,
    },
    text: (style) => {
      const what = [...(rows === null ? [] : [formatNumber(rows, 'row')]), formatBytes(bytes)].join(', ')
      return `${style.good('✓')} ${what} in ${formatDuration(durationMs)}: ${printable(location)}`
    },
  }
}
