/** The thread that has the database: it takes all calls that wait at once, so that the server never waits for a disk. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { backup } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { type Call, commitGroup } from './commit-group.ts'
import { type FromThread, sentError, type ToThread, unhurried } from './messages.ts'
import { type OpenDatabase, openDatabase } from './open-database.ts'

/** Calls of one transaction: what a group holds up is bounded. */
const mostOfGroup = 256
/** So long a call that is in no hurry waits for one that is, milliseconds. */
const patienceMs = 10

const port = parentPort
if (port === null) throw new Error('This file is started as a thread')
const { path } = workerData as { readonly path: string }
const tell = (message: FromThread): void => port.postMessage(message)

try {
  serve(await openDatabase(path))
  tell({ opened: true })
} catch (error) {
  tell({ failedToOpen: sentError(error) })
  port.close()
}

function serve(open: OpenDatabase): void {
  const { database, db } = open
  const waiting: Call[] = []
  let working = false
  let closing = false
  /** Something waits that is in a hurry. */
  let isDue = false
  let timer: NodeJS.Timeout | undefined
  const backups = new Set<Promise<void>>()

  port?.on('message', (messages: readonly ToThread[]) => {
    for (const message of messages) receive(message)
    // those that have arrived at the same time come first
    if (!isDue) timer ??= setTimeout(hurry, patienceMs)
    else if (!working) setImmediate(() => void work())
  })

  function receive(message: ToThread): void {
    if ('close' in message) closing = isDue = true
    else if ('backup' in message) {
      const copy = backUp(message.backup, message.path).finally(() => backups.delete(copy))
      backups.add(copy)
    } else {
      waiting.push(message)
      isDue ||= !unhurried.has(message.name)
    }
  }

  function hurry(): void {
    timer = undefined
    isDue = waiting.length > 0
    void work()
  }

  async function work(): Promise<void> {
    if (working) return
    working = true
    while (isDue) {
      isDue = waiting.length > mostOfGroup
      const { answers, changes } = await commitGroup(database, db, waiting.splice(0, mostOfGroup))
      tell({ answers, changes: [...changes] })
      // lets arrive what was sent meanwhile: it makes the next group
      await new Promise((resolve) => void setImmediate(resolve))
    }
    working = false
    if (!closing) return
    clearTimeout(timer)
    await Promise.all(backups)
    open[Symbol.dispose]()
    port?.close()
  }

  /** Page by page, beside the calls; whole or not at all. */
  async function backUp(call: number, to: string): Promise<void> {
    const part = `${to}.part`
    try {
      rmSync(part, { force: true })
      writeFileSync(part, '', { mode: 0o600 })
      await backup(database, part)
      renameSync(part, to)
      tell({ answers: [{ call, result: undefined }], changes: [] })
    } catch (error) {
      rmSync(part, { force: true })
      tell({ answers: [{ call, error: sentError(error) }], changes: [] })
    }
  }
}
