import { broken, bsonType, endOfName, endOfValue } from '../bson/elements.ts'

/** Documents as they came from the server: where each begins in the bytes of one answer. */
export interface Answer {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
}

/** Finds the documents in the answer to a command that reads: `{ cursor: { firstBatch: [...] } }`, or `nextBatch`. */
export function answerOf(bytes: Uint8Array): Answer {
  const cursor = find(bytes, 0, 'cursor', bsonType.document)
  const batch =
    cursor === undefined
      ? undefined
      : (find(bytes, cursor, 'firstBatch', bsonType.array) ??
        find(bytes, cursor, 'nextBatch', bsonType.array))
  if (batch === undefined) throw broken()
  let starts = new Int32Array(128)
  let count = 0
  const end = endOfValue(bytes, bsonType.array, batch)
  let position = batch + 4
  while (position < end - 1) {
    const at = endOfName(bytes, position + 1) + 1
    if (bytes[position] !== bsonType.document) throw broken()
    if (count === starts.length) {
      const grown = new Int32Array(2 * count)
      grown.set(starts)
      starts = grown
    }
    starts[count++] = at
    position = endOfValue(bytes, bsonType.document, at)
  }
  return { bytes, starts: starts.subarray(0, count) }
}

/** Documents that are apart, as one answer. */
export function joinDocuments(documents: readonly Uint8Array[]): Answer {
  const starts = new Int32Array(documents.length)
  let length = 0
  for (const [index, document] of documents.entries()) {
    starts[index] = length
    length += document.length
  }
  return { bytes: Buffer.concat(documents), starts }
}

/** Where the value of a field begins. */
function find(bytes: Uint8Array, document: number, name: string, type: number): number | undefined {
  const end = endOfValue(bytes, bsonType.document, document)
  let position = document + 4
  while (position < end - 1) {
    const nameEnd = endOfName(bytes, position + 1)
    if (bytes[position] === type && isName(bytes, position + 1, nameEnd, name)) return nameEnd + 1
    position = endOfValue(bytes, bytes[position]!, nameEnd + 1)
  }
  return undefined
}

function isName(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false
  for (let index = 0; index < name.length; index++)
    if (bytes[from + index] !== name.charCodeAt(index)) return false
  return true
}
