import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Who has a repository file, told in a file beside it. It is only told: the lock is the database's own, which the
 * system releases when its process ends, however it ends.
 */
interface Owner {
  readonly pid: number
  readonly host: string
  /** RFC 3339. */
  readonly since: string
}

export function noteOwner(path: string, nowMs: number): void {
  const owner: Owner = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() }
  writeFileSync(noteOf(path), `${JSON.stringify(owner)}\n`, { mode: 0o600 })
}

export function forgetOwner(path: string): void {
  rmSync(noteOf(path), { force: true })
}

/** In words; undefined when nobody left a note. */
export function ownerOf(path: string): string | undefined {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(noteOf(path), 'utf8')) as Owner
    return `process ${pid} on ${host}, since ${since}`
  } catch {
    return undefined
  }
}

function noteOf(path: string): string {
  return `${path}.owner`
}
