/**
 * Lengths in front of values, in one, three, four or nine bytes.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html
 */

/** The length at `at`. A row is in memory, so that its lengths fit into 32 bits. */
export function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0xfb) return first
  if (first === 0xfc) return bytes[at + 1]! | (bytes[at + 2]! << 8)
  return first === 0xfd ? bytes.readUIntLE(at + 1, 3) : bytes.readUInt32LE(at + 1)
}

/** How many bytes the length at `at` takes itself. */
export function lengthSize(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0xfb) return 1
  return first === 0xfc ? 3 : first === 0xfd ? 4 : 9
}
