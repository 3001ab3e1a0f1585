import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Batch } from '@bulkhead/connector-sdk'
import { type BatchBuilder, BatchHandoff } from './batch-handoff.ts'

const row = (index: number): Buffer => Buffer.from(`row ${index}\n`)

/** Rows behind each other, in one buffer that is used again. */
class TextBatch implements BatchBuilder {
  rows = 0
  readonly #buffer = Buffer.alloc(1000)
  readonly #maxRows: number
  #bytes = 0

  constructor(maxRows: number) {
    this.#maxRows = maxRows
  }

  add(bytes: Buffer, start: number, end: number): boolean {
    if (this.rows === this.#maxRows) return false
    this.#bytes += bytes.copy(this.#buffer, this.#bytes, start, end)
    this.rows += 1
    return true
  }

  build(): Batch {
    return { form: 'bytes', rows: this.rows, bytes: this.#buffer.subarray(0, this.#bytes) }
  }

  reset(): void {
    this.rows = 0
    this.#bytes = 0
  }
}

/** A source that pushes rows until there is no room, and goes on when it is told to. */
function pushing(rows: number, maxRows: number, most?: number) {
  let next = 0
  const handoff: BatchHandoff = new BatchHandoff(
    () => new TextBatch(maxRows),
    () => push(),
    most,
  )
  function push(): void {
    while (next < rows) {
      const bytes = row(next)
      if (!handoff.row(bytes, 0, bytes.length)) return
      bytes.fill(0)
      next += 1
    }
    handoff.end()
  }
  return { handoff, push, pushed: () => next }
}

async function textOf(handoff: BatchHandoff): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    const batch = await handoff.take()
    if (batch === undefined) return texts
    assert.equal(batch.form, 'bytes')
    texts.push(Buffer.from(batch.bytes).toString())
  }
}

describe('BatchHandoff', () => {
  it('passes all rows on, in order', async () => {
    for (const rows of [0, 1, 9, 10, 11, 95]) {
      const { handoff, push } = pushing(rows, 10)
      push()
      const texts = await textOf(handoff)
      assert.equal(texts.join(''), Array.from({ length: rows }, (_, index) => row(index)).join(''))
      assert.equal(texts.length, Math.ceil(rows / 10))
      assert.equal(handoff.taken, rows)
    }
  })

  it('is over after so many rows, whatever comes', async () => {
    const { handoff, push, pushed } = pushing(100, 10, 15)
    push()
    assert.equal(
      (await textOf(handoff)).join(''),
      Array.from({ length: 15 }, (_, index) => row(index)).join(''),
    )
    assert.equal(handoff.taken, 15)
    assert.equal(pushed(), 100)
  })

  it('takes at most two batches ahead of a consumer who does not ask', async () => {
    const { handoff, push, pushed } = pushing(100, 10)
    push()
    await setImmediate()
    assert.equal(pushed(), 20)
    await handoff.take()
    assert.equal(pushed(), 20)
    await handoff.take()
    assert.equal(pushed(), 30)
  })

  it('keeps a batch untouched until the next one is asked for', async () => {
    const { handoff, push } = pushing(100, 10)
    push()
    const batch = await handoff.take()
    assert.equal(batch?.form, 'bytes')
    assert.equal(
      Buffer.from(batch.bytes).toString(),
      Array.from({ length: 10 }, (_, index) => row(index)).join(''),
    )
  })

  it('waits for rows, and ends with the error that ended them', async () => {
    const handoff = new BatchHandoff(
      () => new TextBatch(2),
      () => undefined,
    )
    const first = handoff.take()
    for (const index of [0, 1, 2]) handoff.row(row(index), 0, row(index).length)
    assert.equal((await first)?.rows, 2)
    const second = handoff.take()
    handoff.end(new Error('broken'))
    handoff.end(new Error('later'))
    await assert.rejects(second, { message: 'broken' })
    await assert.rejects(handoff.take(), { message: 'broken' })
  })
})
