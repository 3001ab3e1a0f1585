import duckdb from '@duckdb/node-bindings'

/**
 * The memory of a vector as DuckDB holds it: views, valid as long as its chunk. Reading values one by one through
 * objects costs ten times the rest of a read.
 * @see https://duckdb.org/docs/stable/clients/c/vector
 */
export type VectorHandle = duckdb.Vector

/** Bytes of the values; the width of one is a matter of the type. */
export function dataOf(vector: VectorHandle, bytes: number): Uint8Array<ArrayBuffer> {
  // A vector without rows may have no memory at all.
  if (bytes === 0) return new Uint8Array(0)
  return duckdb.vector_get_data(vector, bytes) as Uint8Array<ArrayBuffer>
}

/** A view of the values as numbers of one width. */
export function numbersOf<A>(
  Numbers: {
    new (buffer: ArrayBuffer, offset: number, length: number): A
    readonly BYTES_PER_ELEMENT: number
  },
  vector: VectorHandle,
  count: number,
): A {
  const bytes = dataOf(vector, count * Numbers.BYTES_PER_ELEMENT)
  return new Numbers(bytes.buffer, bytes.byteOffset, count)
}

/** One bit a row, least significant first, 1 = there is a value; undefined when there are no nulls. */
export function validityOf(vector: VectorHandle, rows: number): Uint8Array | undefined {
  // DuckDB counts the bits in words of 64.
  const bits =
    rows === 0 ? null : (duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null)
  return bits ?? undefined
}

export function isSet(bits: Uint8Array | undefined, row: number): boolean {
  return bits === undefined || ((bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0
}

export function listChild(vector: VectorHandle): { readonly vector: VectorHandle; readonly rows: number } {
  return { vector: duckdb.list_vector_get_child(vector), rows: duckdb.list_vector_get_size(vector) }
}

export function arrayChild(vector: VectorHandle): VectorHandle {
  return duckdb.array_vector_get_child(vector)
}

export function structChild(vector: VectorHandle, index: number): VectorHandle {
  return duckdb.struct_vector_get_child(vector, index)
}

export function columnVector(chunk: duckdb.DataChunk, index: number): VectorHandle {
  return duckdb.data_chunk_get_vector(chunk, index)
}
