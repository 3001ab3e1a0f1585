import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { durationField, z } from '@bulkhead/connector-sdk'
import type { ConnectorEntry } from './catalog.ts'
import { connectionsNamedIn, validateConfig, withoutSecrets } from './validate-config.ts'

const config = z.strictObject({
  host: z.string().min(1).max(20),
  port: z.int().min(1).max(65_535).default(5432),
  readOnly: z.boolean().default(true),
  ratio: z.number().optional(),
  mode: z.enum(['auto', 'require']).default('auto'),
  password: z.string().min(2).optional().meta({ secret: true }),
  tls: z
    .strictObject({
      mode: z.enum(['on', 'off']).default('on'),
      key: z.string().optional().meta({ secret: true }),
    })
    .prefault({}),
  files: z
    .record(
      z.string(),
      z.strictObject({ path: z.string(), connection: z.string().optional().meta({ connection: true }) }),
    )
    .optional(),
  pause: durationField({ shortest: 'PT1S', longest: 'P24D' }).optional(),
  paths: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
})

const schema = z.toJSONSchema(config, { io: 'input' }) as Record<string, unknown>
const entry: ConnectorEntry = {
  name: 'sample',
  version: '1.0.0',
  folder: '/connectors/sample',
  integrity: () => 'sha256-0',
  manifest: { name: 'sample', version: '1.0.0', sdk: 1, summary: '', config: schema, query: {}, errors: [] },
}
const path = 'spec.connections.a.config'

function faults(
  given: Record<string, unknown>,
  secretsAllowed: 'by-reference' | 'in-clear' = 'by-reference',
): string[] {
  return validateConfig(entry, given, path, { secretsAllowed }).faults.map(
    ({ code, message, fix }) => `${code}: ${message}. ${fix}`,
  )
}

test('fills in defaults, those of inner objects too, and keeps references to secrets', () => {
  const { config: read, faults: found } = validateConfig(
    entry,
    { host: 'a', password: { secret: 'db' } },
    path,
    { secretsAllowed: 'by-reference' },
  )
  assert.deepEqual(found, [])
  assert.deepEqual(read, {
    host: 'a',
    port: 5432,
    readOnly: true,
    mode: 'auto',
    password: { secret: 'db' },
    tls: { mode: 'on' },
  })
})

test('converts text of the environment where the schema wants a number or boolean, and only there', () => {
  const { config: read } = validateConfig(
    entry,
    { host: '10', port: '5433', readOnly: 'false', ratio: '0.5', paths: '7' },
    path,
    { secretsAllowed: 'by-reference' },
  )
  assert.deepEqual(
    { ...read, tls: undefined },
    { host: '10', port: 5433, readOnly: false, ratio: 0.5, paths: '7', mode: 'auto', tls: undefined },
  )
})

test('finds every fault, with path, nearest field and fix', () => {
  assert.deepEqual(faults({ hots: 'a', port: 'many', mode: 'requir', tls: { mode: 'on', cert: 'x' } }), [
    'connection-config-invalid: `spec.connections.a.config.host` is missing. Add the field; did you write `hots` for `host`?',
    'connection-config-invalid: `spec.connections.a.config.port` must be a number, not a text. Correct it; see `bulkhead connectors show sample`',
    'connection-config-invalid: `spec.connections.a.config.mode` must be one of auto, require. Did you mean `require`?',
    'connection-config-invalid: `spec.connections.a.config.tls.cert` is not known. Remove it; the fields here are mode, key',
    'connection-config-invalid: `spec.connections.a.config.hots` is not known; did you mean `host`?. Write `host`, or remove it',
  ])
})

test('refuses durations outside of the bounds that the connector marked', () => {
  const fix = 'Write a duration from PT1S to P24D'
  for (const [pause, problem] of [
    ['PT0S', 'must be PT1S or longer'],
    ['PT577H', 'must be P24D or shorter'],
    ['99999999S', 'must be a duration such as PT1M30S'],
  ])
    assert.deepEqual(faults({ host: 'a', pause }), [
      `connection-config-invalid: \`${path}.pause\` ${problem}. ${fix}`,
    ])
  assert.equal(faults({ host: '', pause: 'PT0S' }).length, 2)
  for (const pause of ['PT1S', 'PT576H', 'P24D', 'PT1H2M3S'])
    assert.deepEqual(faults({ host: 'a', pause }), [], pause)
})

test('takes secrets in a manifest by reference only, and nowhere else', () => {
  assert.deepEqual(
    faults({ host: 'a', password: 'hunter2', tls: { key: 'x' } }).map((text) => text.split('.')[0]),
    ['secret-in-clear: `spec', 'secret-in-clear: `spec'],
  )
  assert.match(
    faults({ host: { secret: 'db' } }).join(),
    /^secret-misplaced: `spec.connections.a.config.host`/,
  )
  assert.match(faults({ host: 'a', password: { secret: 'NOT a name' } }).join(), /^connection-config-invalid/)
})

test('takes secrets in clear where that is allowed, and then holds them against the schema', () => {
  assert.deepEqual(faults({ host: 'a', password: 'hunter2' }, 'in-clear'), [])
  assert.match(faults({ host: 'a', password: 'x' }, 'in-clear').join(), /at least 2 characters/)
})

test('no message repeats a value', () => {
  const secret = 'hunter2hunter2hunter2hunter2'
  assert.doesNotMatch(
    faults({ host: secret, port: secret, mode: secret, password: secret, tls: secret }).join(),
    /hunter2/,
  )
})

test('finds the connections that settings name', () => {
  assert.deepEqual(
    connectionsNamedIn(entry, { files: { a: { path: 'x', connection: 'lake' }, b: { path: 'y' } } }),
    [{ name: 'lake', path: 'files.a.connection' }],
  )
})

test('hides secrets from people, and shows their names', () => {
  assert.deepEqual(withoutSecrets(entry, { host: 'a', password: 'hunter2', tls: { key: { secret: 'k' } } }), {
    host: 'a',
    password: '(hidden)',
    tls: { key: { secret: 'k' } },
  })
})

test('refuses unknown settings of a connector whose author forgot to', () => {
  const loose = z.toJSONSchema(z.object({ host: z.string() }), { io: 'input' }) as Record<string, unknown>
  const open: ConnectorEntry = { ...entry, manifest: { ...entry.manifest, config: loose } }
  const found = validateConfig(open, { host: 'a', prot: 1 }, path, { secretsAllowed: 'by-reference' }).faults
  assert.equal(found[0]?.path, 'spec.connections.a.config.prot')
})

test('a schema that cannot be used is the fault of the connector', () => {
  const odd: ConnectorEntry = { ...entry, manifest: { ...entry.manifest, config: { dependentRequired: {} } } }
  assert.throws(() => validateConfig(odd, {}, path, { secretsAllowed: 'by-reference' }), {
    code: 'connector-broken',
  })
})

test('agrees with ajv about what is valid', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
  const scalar = fc.oneof(
    fc.string({ maxLength: 25 }),
    fc.integer({ min: -5, max: 70_000 }),
    fc.boolean(),
    fc.constant(null),
  )
  const given = fc.record(
    {
      host: fc.oneof(fc.string({ maxLength: 25 }), scalar),
      port: fc.oneof(fc.integer({ min: -5, max: 70_000 }), fc.double(), scalar),
      readOnly: fc.oneof(fc.boolean(), scalar),
      mode: fc.oneof(fc.constantFrom('auto', 'require', 'AUTO'), scalar),
      password: fc.oneof(fc.string(), scalar),
      tls: fc.oneof(
        fc.record({ mode: fc.constantFrom('on', 'off', 'x'), key: fc.string() }, { requiredKeys: [] }),
        scalar,
      ),
      files: fc.dictionary(
        fc.string({ maxLength: 3 }),
        fc.record({ path: scalar, connection: fc.string() }, { requiredKeys: [] }),
      ),
      paths: fc.oneof(fc.array(scalar, { maxLength: 2 }), scalar),
      more: scalar,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(given, (value) => {
      // Text that reads as a number or boolean is converted on purpose; ajv is asked about the rest.
      fc.pre(
        !Object.values(value).some(
          (item) => typeof item === 'string' && /^(-?\d+(\.\d+)?|true|false)$/.test(item),
        ),
      )
      fc.pre(!JSON.stringify(value).includes('__proto__'))
      assert.equal(faults(value as Record<string, unknown>, 'in-clear').length === 0, validate(value))
    }),
    { numRuns: 500 },
  )
})

test('finds secrets whose names match a pattern', () => {
  const patterned: ConnectorEntry = {
    ...entry,
    manifest: {
      ...entry.manifest,
      config: {
        type: 'object',
        properties: { host: { type: 'string' } },
        patternProperties: { '^header_': { type: 'string', secret: true } },
        additionalProperties: { type: 'string' },
      },
    },
  }
  const codes = (settings: Record<string, unknown>): string[] =>
    validateConfig(patterned, settings, path, { secretsAllowed: 'by-reference' }).faults.map(
      ({ code }) => code,
    )
  assert.deepEqual(codes({ header_key: 'in clear', other: 'plain' }), ['secret-in-clear'])
  assert.deepEqual(codes({ header_key: { secret: 'key' } }), [])
  assert.deepEqual(codes({ other: { secret: 'key' } }), ['secret-misplaced'])
  assert.deepEqual(withoutSecrets(patterned, { header_key: 'in clear' }), { header_key: '(hidden)' })
})
