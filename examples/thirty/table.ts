/** The table as data: what an entry of applications.yaml may say. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readYaml } from '@bulkhead/engine/application/yaml-document'

export interface Entry {
  readonly owner: string
  readonly about: string
  /** One connector with its settings. */
  readonly reads?: Readonly<Record<string, unknown>>
  /** More connections, which that one reads through. */
  readonly beside?: Readonly<Record<string, unknown>>
  readonly query?: unknown
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly asks?: Readonly<Record<string, unknown>>
  readonly process?: readonly Readonly<Record<string, unknown>>[]
  /** `csv.gz`: format and compression. */
  readonly writes?: string
  readonly output?: Readonly<Record<string, unknown>>
  /** `http`, `folder`, `topic`, or a schedule. */
  readonly asked?: string
  /** Parameters of the runs of its schedule. */
  readonly scheduled?: Readonly<Record<string, unknown>>
  readonly answers?: 'poll' | 'file' | 'webhook' | 'topic'
  readonly request?: Readonly<Record<string, unknown>>
  /** A test in which the source gives these rows, and the file has them. */
  readonly example?: {
    readonly rows: readonly Readonly<Record<string, unknown>>[]
    readonly types?: Readonly<Record<string, string>>
    /** Of the file, where steps of the job change them. */
    readonly become?: readonly Readonly<Record<string, unknown>>[]
  }
  readonly spec?: Readonly<Record<string, unknown>>
}

/** Entries by the name of their application, in the order of the table. */
export type Table = Readonly<Record<string, Entry>>

/** The thirty; `applications.yaml` may be named otherwise: a table that replaces some of them. */
export async function readTable(file = 'applications.yaml'): Promise<Table> {
  const text = await readFile(join(import.meta.dirname, file), 'utf8')
  return readYaml(text, file).value as Table
}
