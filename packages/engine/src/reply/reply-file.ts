import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ReplyEvent } from '@bulkhead/contract'

/**
 * Writes a reply to a file of its own, whole or not at all. Its name follows from the id of the event: the
 * same message sent again replaces itself.
 *
 * @param folder  made when it is missing; relative to the folder of the application
 * @returns       path of the file
 */
export async function writeReplyFile(event: ReplyEvent, folder: string, base: string): Promise<string> {
  const target = resolve(base, folder)
  await mkdir(target, { recursive: true })
  const path = join(target, `${event.id.replaceAll('/', '-')}.json`)
  const own = join(target, `.${randomBytes(8).toString('hex')}.part`)
  try {
    const file = await open(own, 'wx')
    try {
      await file.writeFile(`${JSON.stringify(event)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(own, path)
  } catch (error) {
    await unlink(own).catch(() => undefined) // perhaps it was never made
    throw error
  }
  return path
}
