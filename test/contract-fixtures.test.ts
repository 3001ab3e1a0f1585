/**
 * The golden fixtures of contract version 1. Applications are written against them: a fixture is never
 * changed or removed, whatever later versions add.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { readRequest, replySchemaV1, replyStatuses, type ReplyEvent } from '@bulkhead/contract'
import { Ajv2020 } from 'ajv/dist/2020.js'

const folder = join(import.meta.dirname, 'fixtures/contract/v1')
const schemas = join(import.meta.dirname, '../packages/contract/schemas')
const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, duration: true },
})

interface RequestFixture {
  readonly title: string
  readonly input: unknown
  readonly becomes?: unknown
  readonly refused?: { readonly code: string; readonly path?: string }
  /** A schema cannot say everything that is refused. */
  readonly validForSchema?: boolean
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

function fixtures<T>(prefix: RegExp): (readonly [string, T])[] {
  return readdirSync(folder)
    .filter((name) => prefix.test(name))
    .map((name) => [name, read<T>(join(folder, name))] as const)
}

const requests = fixtures<RequestFixture>(/^(request|refused)-/)
const replies = fixtures<ReplyEvent>(/^reply-/)
const isValidRequest = ajv.compile(read<object>(join(schemas, 'request.v1.json')))
const isValidReply = ajv.compile(read<object>(join(schemas, 'reply.v1.json')))

test('the fixtures of version 1 are all there', () => {
  assert.ok(requests.length >= 28, 'a fixture of a request was removed')
  assert.deepEqual(new Set(replies.map(([, { data }]) => data.status)), new Set(replyStatuses))
})

for (const [name, { title, input, becomes, refused, validForSchema }] of requests) {
  test(`version 1, ${name}: ${title}`, () => {
    if (refused === undefined) assert.deepEqual(readRequest(JSON.stringify(input)), becomes)
    else
      assert.throws(
        () => readRequest(JSON.stringify(input)),
        (error) => isBulkheadError(error) && error.code === refused.code && error.path === refused.path,
      )
  })

  test(`version 1, ${name}: the published schema agrees`, () => {
    assert.equal(
      isValidRequest(input),
      validForSchema ?? refused === undefined,
      ajv.errorsText(isValidRequest.errors),
    )
  })
}

for (const [name, event] of replies)
  test(`version 1, ${name}: the reply fits the published schema and the type`, () => {
    assert.ok(isValidReply(event), ajv.errorsText(isValidReply.errors))
    assert.deepEqual(replySchemaV1.parse(event.data), event.data)
  })

test('the schema of replies refuses what is no reply', () => {
  const [, event] = replies[0] ?? []
  assert.ok(event)
  for (const wrong of [
    { ...event, type: 'dev.bulkhead.run.exploded.v1' },
    { ...event, data: {} },
    { ...event, id: 'x' },
  ])
    assert.equal(isValidReply(wrong), false)
})
