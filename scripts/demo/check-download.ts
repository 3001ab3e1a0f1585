import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { Readable } from 'node:stream'
import type { ReplyEvent } from '@bulkhead/contract'

/** What was found out about a download. */
export interface CheckedDownload {
  /** As sentences. */
  readonly checks: readonly string[]
  /** Where the file lies. */
  readonly path: string
}

/**
 * Downloads what a reply links to, as its receiver would, and holds it against the reply: bytes,
 * checksum, and rows, which are counted in the unpacked file.
 * @throws Error when something is not as the reply says
 */
export async function checkDownload(reply: unknown): Promise<CheckedDownload> {
  const { result } = (reply as ReplyEvent).data
  const [file] = result?.files ?? []
  if (file === undefined) throw new Error('The reply names no file')
  const answer = await fetch(file.url)
  if (!answer.ok || answer.body === null) throw new Error(`The link answers ${answer.status}`)
  const hash = createHash('sha256')
  let bytes = 0
  const packed = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]).map(
    (part: Uint8Array) => {
      hash.update(part)
      bytes += part.length
      return part
    },
  )
  const lines = await countLines(unpacked(packed, file.compression))
  const rows = lines - 1 // without the header
  expect('bytes', bytes, file.bytes)
  expect('rows', rows, file.rows)
  expect('sha256', hash.digest('hex'), file.checksum.value)
  return {
    checks: [
      `${bytes.toLocaleString('en')} bytes, as the reply says`,
      `${rows.toLocaleString('en')} rows counted in it, as the reply says`,
      `sha256 ${file.checksum.value}, as the reply says`,
      `the link ends at ${file.expiresAt}`,
    ],
    path: fileURLToPath(file.location ?? ''),
  }
}

function unpacked(packed: Readable, compression: string): Readable {
  if (compression === 'gzip') return packed.pipe(createGunzip())
  return compression === 'zstd' ? packed.pipe(createZstdDecompress()) : packed
}

/** No value of the demo's data has a line break. */
async function countLines(text: Readable): Promise<number> {
  let lines = 0
  for await (const part of text as AsyncIterable<Buffer>)
    for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines += 1
  return lines
}

function expect(what: string, found: number | string, told: number | string | null): void {
  if (found !== told) throw new Error(`The file has ${what} ${found}, and the reply says ${told}`)
}
