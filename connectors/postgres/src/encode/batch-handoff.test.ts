import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { BatchHandoff } from './batch-handoff.ts'
import { CsvBatch } from './csv-batch.ts'

const row = (index: number): Buffer => Buffer.from(`row ${index}\n`)

/** A source that pushes rows until there is no room, and goes on when it is told to. */
function pushing(rows: number, maxRows: number) {
  let next = 0
  const handoff: BatchHandoff = new BatchHandoff(
    () => new CsvBatch(maxRows, 1_000_000),
    () => push(),
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
      assert.equal(handoff.rows, rows)
    }
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
      () => new CsvBatch(2, 1000),
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
