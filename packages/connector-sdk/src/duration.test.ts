import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationField, durationMs, durationProblem } from './duration.ts'
import { z } from './schema.ts'

const bounds = { shortest: 'PT1S', longest: 'P24D' }

test('reads days, hours, minutes and seconds exactly', () => {
  const cases: [string, number][] = [
    ['PT0S', 0],
    ['PT0.05S', 50],
    ['PT1M30S', 90_000],
    ['P1DT2H3M4.5S', 93_784_500],
    ['PT99999H', 359_996_400_000],
  ]
  for (const [text, ms] of cases) assert.equal(durationMs(text), ms, text)
})

test('takes what is between the bounds, both included, and refuses all else with the reason', () => {
  for (const text of ['PT1S', 'PT576H', 'P24D', 'PT1H'])
    assert.equal(durationProblem(text, bounds), undefined, text)
  assert.equal(durationProblem('PT0S', bounds), 'must be PT1S or longer')
  assert.equal(durationProblem('PT576H1S', bounds), 'must be P24D or shorter')
  for (const text of ['', 'P', 'PT', 'P1DT', '30s', 'PT-1S', 'P1M', 'PT1S ', 'PT1E9S', 'PT1.2345S'])
    assert.equal(durationProblem(text, bounds), 'must be a duration such as PT1M30S', text)
})

test('a field refuses with the same reason, and its JSON Schema carries the bounds', () => {
  const schema = z.strictObject({ pause: durationField(bounds).default('PT1M').meta({ title: 'Pause' }) })
  for (const text of ['PT0S', 'P25D', 'PT1.5S', '30s']) {
    const [issue, ...others] = schema.safeParse({ pause: text }).error?.issues ?? []
    assert.equal(issue?.message, durationProblem(text, bounds) ?? 'must be a duration such as PT1M30S')
    assert.deepEqual(others, [])
  }
  const { pause } = (z.toJSONSchema(schema, { io: 'input' }).properties ?? {}) as Record<string, object>
  assert.deepEqual(
    { ...pause, pattern: undefined },
    {
      type: 'string',
      format: 'duration',
      maxLength: 40,
      pattern: undefined,
      default: 'PT1M',
      title: 'Pause',
      ...bounds,
    },
  )
})

test('parts of a second are taken where they are meant to be', () => {
  const field = durationField({ shortest: 'PT0.05S', longest: 'PT1M', fractions: true })
  for (const text of ['PT0.05S', 'PT0.2S', 'PT1.999S', 'PT1M']) assert.ok(field.safeParse(text).success, text)
  for (const text of ['PT0.049S', 'PT60.001S', 'PT0.0001S']) assert.ok(!field.safeParse(text).success, text)
})
