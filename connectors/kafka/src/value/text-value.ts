import { kafkaError } from '../errors.ts'

/** Which bytes of which record, for messages. */
export interface Place {
  readonly partition: number
  readonly offset: bigint
  readonly part: 'key' | 'value' | 'header'
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws BulkheadError `kafka-value-invalid` when the bytes are no UTF-8 */
export function textOf(bytes: Uint8Array, place: Place): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw invalidValue(place, 'no UTF-8')
  }
}

/**
 * That the bytes are one JSON value in UTF-8: they travel as they are.
 * @throws BulkheadError `kafka-value-invalid`
 */
export function checkJson(bytes: Uint8Array, place: Place): void {
  const text = textOf(bytes, place)
  try {
    JSON.parse(text)
  } catch {
    throw invalidValue(place, 'no JSON')
  }
}

/** Never shows the bytes. */
export function invalidValue({ partition, offset, part }: Place, what: string): Error {
  return kafkaError(
    'kafka-value-invalid',
    `The ${part} at offset ${offset} of partition ${partition} is ${what}`,
  )
}
