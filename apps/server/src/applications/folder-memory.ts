import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from '@bulkhead/connector-sdk'

/**
 * What this server last saw in its folder of applications, over a restart: a folder speaks when it changed, and not
 * because a server was started. Without it an old folder would take back what was applied since.
 */
export interface FolderMemory {
  /** `same`: of this folder; `other`: of another one, which was served before; `none`: nothing is remembered. */
  readonly of: 'same' | 'other' | 'none'
  /** By the name of the application, as they were when this server was started. */
  readonly before: ReadonlyMap<string, SeenApplication>
  /** Of the application that was last seen in a folder. */
  nameOf(folder: string): string | undefined
  /** @param seen  undefined: it is gone */
  saw(name: string, seen: SeenApplication | undefined): Promise<void>
}

const seenSchema = z.object({
  /** Of its bundle. */
  digest: z.string(),
  /** Absolute. */
  folder: z.string(),
})
export type SeenApplication = Readonly<z.output<typeof seenSchema>>
const memorySchema = z.object({ root: z.string(), applications: z.record(z.string(), seenSchema) })

/** @param root  absolute folder of the applications */
export async function openFolderMemory(stateFolder: string, root: string): Promise<FolderMemory> {
  const file = join(stateFolder, 'applications.json')
  const kept = await readMemory(file)
  const isSame = kept?.root === root
  const now = new Map(isSame ? Object.entries(kept.applications) : [])
  let writing = Promise.resolve()

  async function write(): Promise<void> {
    const text = JSON.stringify({ root, applications: Object.fromEntries(now) })
    const part = `${file}.${process.pid}`
    await writeFile(part, text, { mode: 0o600 })
    await rename(part, file)
  }

  return {
    of: kept === undefined ? 'none' : isSame ? 'same' : 'other',
    before: new Map(Object.entries(kept?.applications ?? {})),
    nameOf: (folder) => [...now].find(([, seen]) => seen.folder === folder)?.[0],
    async saw(name, seen) {
      const known = now.get(name)
      if (known?.digest === seen?.digest && known?.folder === seen?.folder) return
      if (seen === undefined) now.delete(name)
      else now.set(name, seen)
      writing = writing.then(write, write)
      await writing
    },
  }
}

/** What cannot be read is forgotten: then only what is new speaks. */
async function readMemory(file: string): Promise<z.output<typeof memorySchema> | undefined> {
  try {
    return memorySchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}
