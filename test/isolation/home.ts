/** Where the thirty are at home: how they are asked, and what their server stands on. */
import { readFile } from 'node:fs/promises'
import type { Places } from '../../examples/thirty/generate.ts'
import { readTable, type Table } from '../../examples/thirty/table.ts'
import type { Topics } from './topics.ts'

export interface Home {
  readonly table: Table
  /** What words of the table stand for. */
  readonly places: Places
  /** Parts of the platform's `spec`. */
  readonly platform: Readonly<Record<string, unknown>>
  /** Of the server. */
  readonly environment: Readonly<Record<string, string>>
  /** Where some are asked, or answer, by topics. */
  readonly topics?: Topics
  /** What lies in a store at a location. */
  readonly read: (location: string) => Promise<Buffer>
  /** What else must be none when the others are answered and the culprit is at it. */
  readonly harm: (others: readonly string[]) => Promise<readonly string[]>
}

/** A server as it is without any setting: an embedded repository, results in folders, no topics. */
export async function embeddedHome(): Promise<Home> {
  return {
    table: await readTable(),
    places: {},
    platform: {},
    environment: {},
    read: (location) => readFile(new URL(location)),
    harm: () => Promise.resolve([]),
  }
}
