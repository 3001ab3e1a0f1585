import type { Terminal } from '../terminal/terminal.ts'

/** More is refused by its size alone (I8), by whoever knows how large a request may be. */
const mostBytes = 1024 * 1024

/** Standard input, no more of it than a request may have and a little. */
export async function readInput({ input }: Terminal): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of input) {
    const buffer = typeof part === 'string' ? Buffer.from(part) : Buffer.from(part)
    bytes += buffer.length
    parts.push(buffer)
    if (bytes > mostBytes) break
  }
  return Buffer.concat(parts)
}
