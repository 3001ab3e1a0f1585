import { fault } from '@bulkhead/contract'

const magic = Buffer.from('PAR1')

/**
 * Passes the bytes of a Parquet file on, and fails when they end without its footer or before the last
 * batch was given: a writer that stops in the middle must not leave something that looks complete (I5).
 *
 * @param allGiven  whether the last batch has been given
 * @throws BulkheadError `internal`
 */
export async function* wholeParquet(
  stream: AsyncIterable<Uint8Array>,
  allGiven: () => boolean,
): AsyncIterable<Uint8Array> {
  let tail = Buffer.alloc(0)
  for await (const piece of stream) {
    tail = Buffer.concat([tail, piece.subarray(-magic.length)]).subarray(-magic.length)
    yield piece
  }
  if (!allGiven() || !tail.equals(magic))
    throw fault('internal', 'The Parquet writer stopped before the file was complete')
}
