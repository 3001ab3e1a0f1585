import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tokenRanges } from './token-ranges.ts'

const murmur3 = 'org.apache.cassandra.dht.Murmur3Partitioner'
const least = -(2n ** 63n)
const most = 2n ** 63n - 1n

test('covers the ring without gap or overlap, whatever tokens the nodes have', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: least, max: most }), { maxLength: 40 }),
      fc.integer({ min: 0, max: 300 }),
      (tokens, parts) => {
        const ranges = tokenRanges(murmur3, tokens.map(String), parts)
        assert.equal(ranges[0]?.after, least)
        assert.equal(ranges.at(-1)?.to, most)
        assert.ok(ranges.length >= parts && ranges.length <= parts + tokens.length + 1)
        for (const [index, { after, to }] of ranges.entries()) {
          assert.ok(after < to)
          if (index > 0) assert.equal(after, ranges[index - 1]?.to)
        }
        // A range has one set of replicas: no token of a node lies inside.
        for (const token of tokens) assert.ok(!ranges.some(({ after, to }) => after < token && token < to))
      },
    ),
  )
})

test('splits the ring of the old partitioner too', () => {
  const ranges = tokenRanges('org.apache.cassandra.dht.RandomPartitioner', ['0', String(2n ** 126n)], 4)
  assert.equal(ranges[0]?.after, -1n)
  assert.equal(ranges.at(-1)?.to, 2n ** 127n)
})

test('refuses a partitioner without numbers', () => {
  assert.throws(() => tokenRanges('org.apache.cassandra.dht.ByteOrderedPartitioner', [], 4), {
    code: 'cassandra-partitioner-unsupported',
  })
})
