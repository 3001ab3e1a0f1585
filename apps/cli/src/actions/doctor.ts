import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import process from 'node:process'
import type { Log } from '@bulkhead/connector-sdk'
import type { Answer } from '../terminal/answer.ts'
import { faultsOf } from '../terminal/faults.ts'
import { printable } from '../terminal/printable.ts'
import { formatBytes } from '../terminal/quantities.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'

interface Finding {
  readonly what: string
  /** `note`: it works, and something should be known. */
  readonly state: 'good' | 'note' | 'bad'
  readonly says: string
}

const ENVIRONMENT_EXIT = 3
const PATIENCE_MS = 500 // a server on this machine answers in a few
const LITTLE_BYTES = 1024 ** 3 // a query that spills or a result that is fetched needs about as much

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined }

/** Looks at this machine, and changes nothing but the key of links, which is made when it is missing. */
export async function doctor(terminal: Terminal): Promise<Answer> {
  const findings = await Promise.all([node(), connectors(), state(terminal), files(terminal), space()])
  const isWell = findings.every(({ state: found }) => found !== 'bad')
  return {
    value: { well: isWell, findings },
    text: (style) => {
      const marks = { good: style.good('✓'), note: style.note('-'), bad: style.bad('✗') }
      return findings
        .map(({ what, state: found, says }) => `${marks[found]} ${style.bold(what)}  ${printable(says)}`)
        .join('\n')
    },
    exitCode: isWell ? 0 : ENVIRONMENT_EXIT,
  }
}

function node(): Promise<Finding> {
  return Promise.resolve({ what: 'Node', state: 'good', says: `${process.version} at ${process.execPath}` })
}

async function connectors(): Promise<Finding> {
  const catalog = await installedCatalog()
  const { broken } = catalog
  const what = 'Connectors'
  const names = catalog
    .list()
    .map(({ name, version }) => `${name} ${version}`)
    .join(', ')
  if (broken.length > 0)
    return { what, state: 'bad', says: broken.map(({ folder, reason }) => `${folder}: ${reason}`).join('; ') }
  return names === ''
    ? { what, state: 'bad', says: 'none is installed' }
    : { what, state: 'good', says: names }
}

async function state({ environment }: Terminal): Promise<Finding> {
  const what = 'State folder'
  const { startFileServer, stateFolder } = await import('@bulkhead/files')
  const folder = stateFolder(environment)
  try {
    // starting it is the check: the key is read, or made
    const server = await startFileServer({ host: '127.0.0.1', port: 0, stateFolder: folder, log: silent })
    await server.close()
    return { what, state: 'good', says: folder }
  } catch (error) {
    const [{ message, fix }] = faultsOf(error)
    return { what, state: 'bad', says: fix === undefined ? message : `${message}. ${fix}` }
  }
}

async function files({ environment }: Terminal): Promise<Finding> {
  const what = 'File server'
  const url = environment['BULKHEAD_FILES_URL'] ?? 'http://127.0.0.1:7070'
  return (await answers(url))
    ? { what, state: 'good', says: `answers at ${url}` }
    : { what, state: 'note', says: `none at ${url}: links to local results need bulkhead serve-files` }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'error' })).ok
  } catch {
    return false
  }
}

async function space(): Promise<Finding> {
  const { bavail, bsize } = await statfs(tmpdir())
  const free = bavail * bsize
  const says = `${formatBytes(free)} free in ${tmpdir()}`
  return { what: 'Temporary space', state: free < LITTLE_BYTES ? 'note' : 'good', says }
}
