import { randomFillSync } from 'node:crypto'

/**
 * A UUID of version 7: ids of later runs sort behind those of earlier ones.
 * @param nowMs  epoch milliseconds
 * @see RFC 9562, 5.7
 */
export function newRunId(nowMs: number): string {
  const bytes = randomFillSync(Buffer.alloc(16))
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
