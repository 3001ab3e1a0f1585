import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { float32Text, float64Text } from './float-text.ts'

/** Random bit patterns, and those around which the rules change: powers of two and of ten, halfway decimals. */
function patterns(bits: 32 | 64, seed: number): bigint[] {
  let state = BigInt(seed) | 1n
  const next = (): bigint => {
    state ^= BigInt.asUintN(64, state << 13n)
    state ^= state >> 7n
    state ^= BigInt.asUintN(64, state << 17n)
    return state
  }
  const random = Array.from({ length: 20_000 }, () => BigInt.asUintN(bits, next()))
  const exponents = Array.from({ length: bits === 64 ? 2047 : 255 }, (_, exponent) => {
    const power = BigInt(exponent) << (bits === 64 ? 52n : 23n)
    return [power, power + 1n, power === 0n ? 2n : power - 1n]
  }).flat()
  const tens = Array.from({ length: bits === 64 ? 600 : 80 }, (_, index) => {
    const pattern = bitsOf(Number(`1e${index - (bits === 64 ? 300 : 40)}`), bits)
    return [pattern, pattern + 1n, pattern === 0n ? 3n : pattern - 1n]
  }).flat()
  // Large whole numbers with few digits: here decimals lie exactly between two numbers.
  const halfway = Array.from({ length: 5_000 }, () => {
    const digits = Number(next() % 100_000_000_000_000_000n)
    return bitsOf(digits * 10 ** Number(next() % 24n), bits)
  })
  return [...random, ...exponents, ...tens, ...halfway]
}

function bitsOf(value: number, bits: 32 | 64): bigint {
  return bits === 64
    ? new BigUint64Array(Float64Array.of(value).buffer)[0]!
    : BigInt(new Uint32Array(Float32Array.of(value).buffer)[0]!)
}

function numberOf(pattern: bigint, bits: 32 | 64): number {
  return bits === 64
    ? new Float64Array(BigUint64Array.of(pattern).buffer)[0]!
    : new Float32Array(Uint32Array.of(Number(pattern)).buffer)[0]!
}

for (const [bits, type, write] of [
  [64, 'float8', float64Text],
  [32, 'float4', float32Text],
] as const) {
  test(`writes any ${type} as PostgreSQL does`, async (t) => {
    const seed = randomInt(2 ** 32)
    t.diagnostic(`seed ${seed}`)
    const values = patterns(bits, seed).map((pattern) => numberOf(pattern, bits))
    const exact = values.map((value) => (Number.isFinite(value) ? value.toPrecision(17) : String(value)))
    const rows = await execute(
      await createDatabase(t),
      `SELECT value::${type}::text AS text FROM unnest($1::text[]) WITH ORDINALITY AS given (value, place) ORDER BY place`,
      [exact],
    )
    assert.equal(rows.length, values.length)
    for (const [index, value] of values.entries()) {
      assert.equal(write(value), rows[index]!['text'], `of ${exact[index]}`)
    }
  })
}
