import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Example } from '../consumer/examples.ts'

/** What the command that starts a stub tells the processes in which its runs are. Plain data, a file beside the application. */
export interface StubFile {
  readonly application: string
  readonly examples: readonly Example[]
  /** Jobs that an endpoint of the application prepares. */
  readonly preparedByEndpoint: readonly string[]
  /** Jobs that may leave rows out. */
  readonly leavingOut: readonly string[]
  /** Of requests that ask for nothing else. */
  readonly defaults: StubDefaults
}

export interface StubDefaults {
  readonly outcome: string
  /** Undefined: as many as the example has. */
  readonly rows?: number
  readonly latencyMs: number
  /** The same seed gives the same rows. */
  readonly seed: number
}

const fileName = 'stub.json'

export async function writeStubFile(folder: string, stub: StubFile): Promise<void> {
  await writeFile(join(folder, fileName), JSON.stringify(stub), { mode: 0o600 })
}

export async function readStubFile(folder: string): Promise<StubFile> {
  // both ends are of one version, and nobody else writes into the folder
  return JSON.parse(await readFile(join(folder, fileName), 'utf8')) as StubFile
}
