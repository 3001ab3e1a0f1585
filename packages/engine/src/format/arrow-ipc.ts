import type * as Arrow from 'apache-arrow'

const firstBytes = 2 ** 20

/**
 * Batches as streams of Arrow IPC, all in the same memory: bytes are good until the next batch. The library would take
 * new memory for each, which costs more than filling it.
 *
 * @see https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
export function createIpcWriter(arrow: typeof Arrow): (batch: Arrow.RecordBatch) => Uint8Array {
  let memory = new Uint8Array(firstBytes)
  let length = 0

  class SameMemory extends arrow.AsyncByteQueue {
    override write(bytes: Uint8Array): void {
      const end = length + bytes.length
      if (end > memory.length) memory = grown(memory, length, end)
      memory.set(bytes, length)
      length = end
    }
  }

  return (batch) => {
    length = 0
    const writer = new arrow.RecordBatchStreamWriter()
    writer.reset(new SameMemory(), batch.schema)
    writer.write(batch)
    writer.finish()
    return memory.subarray(0, length)
  }
}

function grown(memory: Uint8Array, used: number, wanted: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(wanted, 2 * memory.length))
  larger.set(memory.subarray(0, used))
  return larger
}
