import { once } from 'node:events'
import yazl from 'yazl'

/** A zip archive of these entries. */
export async function zip(entries: Readonly<Record<string, string>>): Promise<Buffer> {
  const file = new yazl.ZipFile()
  for (const [name, content] of Object.entries(entries)) file.addBuffer(Buffer.from(content), name)
  file.end()
  const parts: Buffer[] = []
  file.outputStream.on('data', (part: Buffer) => parts.push(part))
  await once(file.outputStream, 'end')
  return Buffer.concat(parts)
}
