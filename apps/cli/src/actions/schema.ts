import { readdir, readFile } from 'node:fs/promises'
import { fault } from '@bulkhead/contract'
import { jsonAnswer, type Answer } from '../terminal/answer.ts'

/**
 * A published JSON Schema.
 * @param what  `request`, `reply`, `application`, `environment` or `platform`
 */
export async function schema(what: string): Promise<Answer> {
  const folder = new URL('../schemas/', import.meta.resolve('@bulkhead/contract'))
  const file = (await readdir(folder).catch(() => [])).find((name) => name.startsWith(`${what}.`))
  if (file === undefined)
    throw fault('internal', 'The schemas are missing from this installation', {
      fix: 'Install Bulkhead again',
    })
  return jsonAnswer(JSON.parse(await readFile(new URL(file, folder), 'utf8')))
}
