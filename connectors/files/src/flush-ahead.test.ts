import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlushAhead } from './flush-ahead.ts'

const part = 4 * 1024 * 1024

// A disk that fails cannot be had on demand: this handle is made up.
function diskOf(outcomes: readonly (() => Promise<void>)[]): { datasync(): Promise<void>; asked(): number } {
  let asked = 0
  return { asked: () => asked, datasync: async () => outcomes[asked++]?.() }
}

test('tells the disk to begin once in 32 MiB, and never twice at once', async () => {
  const first = Promise.withResolvers<void>()
  const disk = diskOf([() => first.promise])
  const flush = new FlushAhead()
  for (let written = 1; written <= 7; written++) flush.wrote(disk, part)
  assert.equal(disk.asked(), 0)
  for (let written = 8; written <= 30; written++) flush.wrote(disk, part)
  assert.equal(disk.asked(), 1)
  first.resolve()
  await flush.settled()
  flush.wrote(disk, part)
  assert.equal(disk.asked(), 2)
})

test('a failure of the disk is kept until the end', async () => {
  const disk = diskOf([() => Promise.reject(new Error('EIO')), () => Promise.resolve()])
  const flush = new FlushAhead()
  flush.wrote(disk, 8 * part)
  await assert.rejects(flush.settled(), /EIO/)
  flush.wrote(disk, 8 * part)
  await assert.rejects(flush.settled(), /EIO/)
})
