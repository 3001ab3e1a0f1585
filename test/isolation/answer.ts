/** What an application answers, as far as it must be the same whatever else happens on the server. */
import { createHash } from 'node:crypto'
import type { ReplyData } from '@bulkhead/contract'

export interface Answer {
  readonly status: string
  /** Name, bytes, rows, and the SHA-256 of what lies in the store, of each file. */
  readonly files: readonly (readonly [name: string, bytes: number, rows: number | null, sha256: string])[]
  readonly error: string | undefined
}

/**
 * @param read  what lies in the store at a location
 * @throws when that is not what the reply says
 */
export async function answerOf(
  { status, result, error }: ReplyData,
  read: (location: string) => Promise<Buffer>,
): Promise<Answer> {
  const files = (result?.files ?? []).map(async ({ name, bytes, rows, location = '', checksum }) => {
    const content = await read(location)
    if (digest(content) !== checksum.value) throw new Error(`${name} is not what its reply says`)
    return [name, bytes, rows, digest(withoutChance(name, content))] as const
  })
  return { status, files: await Promise.all(files), error: error?.code }
}

/** Between the blocks of an Avro file stands a marker that its writer draws by chance; its last bytes are one. */
function withoutChance(name: string, content: Buffer): Buffer {
  if (!name.endsWith('.avro')) return content
  const marker = content.subarray(-16).toString('latin1')
  return Buffer.from(content.toString('latin1').replaceAll(marker, ''), 'latin1')
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
