import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeParquet } from './parquet-tail.ts'

async function passed(pieces: readonly string[], allGiven: boolean): Promise<string> {
  const stream = (async function* () {
    for (const piece of pieces) yield Buffer.from(piece)
  })()
  let text = ''
  for await (const piece of wholeParquet(stream, () => allGiven)) text += Buffer.from(piece).toString()
  return text
}

test('passes a file that ends with its footer, wherever pieces end', async () => {
  assert.equal(await passed(['PAR1 rows PAR1'], true), 'PAR1 rows PAR1')
  assert.equal(await passed(['PAR1 rows P', 'AR', '', '1'], true), 'PAR1 rows PAR1')
})

test('fails when the writer stopped in the middle', async () => {
  await assert.rejects(passed(['PAR1 rows'], true), { code: 'internal' })
  await assert.rejects(passed([], true), { code: 'internal' })
  await assert.rejects(passed(['PAR1 rows PAR1'], false), { code: 'internal' })
})
