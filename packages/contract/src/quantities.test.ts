import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDuration, parseSize } from './quantities.ts'

test('reads durations in weeks, days, hours, minutes and seconds', () => {
  assert.equal(parseDuration('PT30M'), 30 * 60_000)
  assert.equal(parseDuration('P1W2DT3H4M5.5S'), ((9 * 24 + 3) * 60 + 4) * 60_000 + 5500)
  assert.equal(parseDuration('PT0S'), 0)
})

test('refuses durations without a fixed length and what is no duration', () => {
  for (const text of ['P1Y', 'P1M', 'P', 'PT', 'P1DT', '30m', 'PT-5S', '', 'PT1H30'])
    assert.throws(() => parseDuration(text), { code: 'duration-invalid' }, text)
})

test('refuses durations beyond ten years', () => {
  assert.equal(parseDuration('P3660D'), 3660 * 86_400_000)
  for (const text of ['P3661D', 'PT9999999999H', `PT${'9'.repeat(30)}S`])
    assert.throws(
      () => parseDuration(text),
      { code: 'duration-invalid', message: /^Longer than ten years/ },
      text,
    )
})

test('reads sizes, binary and decimal', () => {
  assert.equal(parseSize('512MiB'), 512 * 2 ** 20)
  assert.equal(parseSize('512Mi'), 512 * 2 ** 20)
  assert.equal(parseSize('1.5GB'), 1.5e9)
  assert.equal(parseSize('100'), 100)
  assert.equal(parseSize('1 kB'), 1000)
})

test('refuses sizes of an unknown unit, below zero, or beyond what can be counted', () => {
  for (const text of ['', 'GiB', '-1MiB', '1XB', '9000000TiB', '1e3', 'constructor'])
    assert.throws(() => parseSize(text), { code: 'size-invalid' }, text)
})

test('every duration made of its parts reads as their sum', () => {
  const part = fc.nat(999)
  fc.assert(
    fc.property(part, part, part, part, (days, hours, minutes, seconds) => {
      assert.equal(
        parseDuration(`P${days}DT${hours}H${minutes}M${seconds}S`),
        (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000,
      )
    }),
  )
})

test('a binary size is its number times its unit', () => {
  fc.assert(
    fc.property(fc.nat(8000), fc.constantFrom('Ki', 'Mi', 'Gi', 'Ti'), (count, unit) => {
      const factor = 2 ** (10 * (['Ki', 'Mi', 'Gi', 'Ti'].indexOf(unit) + 1))
      assert.equal(parseSize(`${count}${unit}`), count * factor)
      assert.equal(parseSize(`${count}${unit}B`), count * factor)
    }),
  )
})
