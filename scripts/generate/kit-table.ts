import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KitRun } from '@bulkhead/connector-sdk/testing'
import { table } from './markdown.ts'

/** `kit.json`: what came of the contract test kit when it ran last, written by `npm run kit`. */
export interface KitRecord {
  /** Of the connector. */
  readonly version: string
  readonly runs: readonly KitRun[]
}

/** The record of a connector; undefined when it has none. */
export function readKitRecord(folder: string): KitRecord | undefined {
  const file = join(folder, 'kit.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KitRecord) : undefined
}

/** What came of every check, as a table for the README. */
export function kitTable({ version, runs }: KitRecord): string {
  const parts = runs.map(({ role, system, results }) => {
    const rows = results.map(({ check, result, reason }) => [
      check,
      result === 'left-out' ? `left out: ${reason ?? ''}` : result,
    ])
    return `As a ${role}, version ${version} against ${system}:\n\n${table(['It', 'Result'], rows)}`
  })
  return parts.join('\n\n')
}
