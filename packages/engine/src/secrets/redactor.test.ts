import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { createRedactor } from './redactor.ts'

const encodings: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  json: (text) => JSON.stringify(text).slice(1, -1),
  'json in ascii': (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'uri component': encodeURIComponent,
  'uri in lower case': (text) =>
    encodeURIComponent(text).replaceAll(/%../g, (escape) => escape.toLowerCase()),
  form: (text) => new URLSearchParams({ '': text }).toString().slice(1),
  'every byte percent-encoded': (text) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  hex: (text) => Buffer.from(text).toString('hex'),
  'hex in upper case': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'inspected buffer': (text) =>
    Buffer.from(text)
      .toString('hex')
      .replaceAll(/..(?!$)/g, '$& '),
  'list of bytes': (text) => JSON.stringify([...Buffer.from(text)]).slice(1, -1),
}

const secret = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 150 })
const around = fc.string({ maxLength: 20 })

for (const [name, encode] of Object.entries(encodings)) {
  test(`hides a secret: ${name}`, () => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const redactor = createRedactor()
        redactor.add(value)
        const redacted = redactor.redact(before + encode(value) + after)
        assert.ok(!redacted.includes(encode(value)), redacted)
        assert.ok(redacted.includes('[secret]'))
      }),
    )
  })
}

test('hides a secret inside base64, in each alignment and both alphabets', () => {
  fc.assert(
    fc.property(
      secret,
      fc.uint8Array({ maxLength: 8 }),
      fc.uint8Array({ maxLength: 8 }),
      fc.constantFrom('base64' as const, 'base64url' as const),
      (value, before, after, encoding) => {
        const redactor = createRedactor()
        redactor.add(value)
        const bytes = Buffer.concat([before, Buffer.from(value), after])
        const redacted = redactor.redact(`token ${bytes.toString(encoding)}.`)
        assert.match(redacted, /^token .{0,14}\[secret\].{0,14}\.$/)
      },
    ),
  )
})

test('hides a secret in encodings inside encodings', () => {
  const some = fc.constantFrom('json', 'json in ascii', 'uri component', 'form')
  fc.assert(
    fc.property(secret, fc.array(some, { minLength: 2, maxLength: 3 }), (value, names) => {
      const redactor = createRedactor()
      redactor.add(value)
      const text = names.reduce((inner, name) => (encodings[name] ?? String)(inner), value)
      assert.equal(redactor.redact(`<${text}>`), '<[secret]>')
    }),
  )
})

test('hides it in what the console prints of an error or an object', () => {
  const redactor = createRedactor()
  redactor.add('pa\'ss"wo\\rd\n1')
  for (const thing of [new Error('refused pa\'ss"wo\\rd\n1'), { url: 'pa\'ss"wo\\rd\n1' }]) {
    assert.ok(!redactor.redact(inspect(thing)).includes('wo\\'), redactor.redact(inspect(thing)))
  }
})

test('hides each line of a key, and pieces of it', () => {
  const redactor = createRedactor()
  const lines = [
    '-----BEGIN KEY-----',
    'MIIEvQIBADANBgkqhkiG9w0BAQ',
    'EFAASCBKcwggSjAgEAAoIBAQC7',
    '-----END KEY-----',
  ]
  redactor.add(lines.join('\n'))
  assert.equal(redactor.redact(`read ${lines[1]} and ${lines[2]}`), 'read [secret] and [secret]')
  assert.equal(redactor.redact(JSON.stringify(lines.join('\n'))), '"[secret]"')
})

test('finds every secret of several, and leaves the rest of the text alone', () => {
  const redactor = createRedactor()
  redactor.add('first-password')
  redactor.add('second-password')
  assert.equal(
    redactor.redact('a first-password, b second-password, c password'),
    'a [secret], b [secret], c password',
  )
})

test('leaves texts alone when a value is too short to be looked for', () => {
  const redactor = createRedactor()
  redactor.add('abc')
  assert.equal(redactor.redact('abc abcd'), 'abc abcd')
})

test('redacts data leaf by leaf, names of members included', () => {
  const redactor = createRedactor()
  redactor.add('hunter22')
  assert.deepEqual(redactor.redactData({ a: ['x hunter22', 1, null], hunter22: { b: true } }), {
    a: ['x [secret]', 1, null],
    '[secret]': { b: true },
  })
})

test('finds a secret that is cut in two by the pieces of a stream', () => {
  fc.assert(
    fc.property(secret, fc.array(around), fc.array(fc.nat(300)), (value, texts, cuts) => {
      const redactor = createRedactor()
      redactor.add(value)
      const whole = texts.map((text) => `${text}${encodeURIComponent(value)}`).join('\n')
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort(
        (a, b) => a - b,
      )
      const stream = redactor.stream()
      const out = places.slice(1).map((end, index) => stream.write(whole.slice(places[index], end)))
      assert.equal(out.join('') + stream.end(), redactor.redact(whole))
    }),
  )
})

test('holds back little of a line that never ends, and finds the secret in it', () => {
  const redactor = createRedactor()
  redactor.add('correct horse battery')
  const stream = redactor.stream()
  const line = `${'x'.repeat(70_000)}correct horse battery`.repeat(5)
  let out = ''
  for (let at = 0; at < line.length; at += 999) {
    out += stream.write(line.slice(at, at + 999))
    assert.ok(at - out.length < 100_000)
  }
  assert.equal(out + stream.end(), `${'x'.repeat(70_000)}[secret]`.repeat(5))
})

test('hides a secret that was escaped before it was encoded', () => {
  const value = 'w0rd"with\\odd/=€ letters'
  const redactor = createRedactor()
  redactor.add(value)
  for (const written of [JSON.stringify({ password: value }), `https://u:${encodeURIComponent(value)}@h`])
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      for (const before of ['', 'a', 'ab']) {
        const text = Buffer.from(before + written).toString(encoding)
        assert.ok(redactor.redact(text).includes('[secret]'), `${encoding} of ${written}`)
      }
})
