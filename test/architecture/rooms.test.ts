import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkRooms } from './check-imports.ts'
import { root } from './checkout.ts'

const { files, violations } = checkRooms(root)

for (const [room, count] of files) {
  test(`the rule of ${room} sees files`, () => {
    assert.ok(
      count > 0,
      `no file lies in ${room}: take it out of test/architecture/rooms.ts, or mend its folder`,
    )
  })
}

test('every import follows an arrow between rooms, and pure rooms are pure', () => {
  assert.deepEqual(violations, [])
})
