import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeGuarantee, keeps, type GuaranteeQuestion } from './guarantee.ts'

const best: GuaranteeQuestion = { objects: 'one', replayable: true, snapshot: true, process: [], attempts: 4 }

const table: readonly (readonly [string, Partial<GuaranteeQuestion>, string, RegExp])[] = [
  ['one object', {}, 'exactly-once-effect', /invisible until it is complete/],
  ['one attempt', { attempts: 1 }, 'exactly-once-effect', /^The result is one object[^.]*$/],
  ['several objects', { objects: 'several' }, 'at-least-once-with-dedupe-key', /one after the other/],
  ['a source that changes', { replayable: false }, 'exactly-once-effect', /never mixed/],
  ['a source without snapshot', { snapshot: false }, 'exactly-once-effect', /of one moment/],
  ['code of the application', { process: [{ map: 'a.ts' }] }, 'exactly-once-effect', /runs again/],
]

for (const [title, changes, guarantee, reason] of table)
  test(`guarantee: ${title}`, () => {
    const computed = computeGuarantee({ ...best, ...changes })
    assert.equal(computed.guarantee, guarantee)
    assert.match(computed.reasons.join('. '), reason)
  })

test('a demand is met by itself and by what is stronger', () => {
  const levels = ['at-least-once', 'at-least-once-with-dedupe-key', 'exactly-once-effect'] as const
  for (const [kept, guarantee] of levels.entries())
    for (const [wanted, demanded] of levels.entries())
      assert.equal(keeps(guarantee, demanded), kept >= wanted)
})
