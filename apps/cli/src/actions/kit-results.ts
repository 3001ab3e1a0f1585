import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from '@bulkhead/connector-sdk'

/** What a connector's author says came of the contract test kit: nobody has looked. */
const kitResults = z.object({
  version: z.string().max(100),
  runs: z
    .array(
      z.object({
        role: z.enum(['source', 'store']),
        system: z.string().max(500),
        results: z
          .array(z.object({ check: z.string(), result: z.string(), reason: z.string().optional() }))
          .max(500),
      }),
    )
    .max(10),
})
export type KitResults = z.output<typeof kitResults>

/** `kit.json` of a connector's package; undefined when there is none, or none that can be read. */
export async function readKitResults(folder: string): Promise<KitResults | undefined> {
  try {
    const text = await readFile(join(folder, 'kit.json'), 'utf8')
    return kitResults.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
