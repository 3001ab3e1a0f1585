import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { applicationSchema } from './application.ts'
import { asyncApiDocument } from './asyncapi.ts'

const published = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json'),
    'utf8',
  ),
) as object

const billing = applicationSchema.parse({
  apiVersion: 'bulkhead.dev/v1beta1',
  kind: 'Application',
  metadata: { name: 'billing' },
  spec: {
    owner: 'team-billing@example.com',
    connections: { ledger: { connector: 'sample@^1', config: {} } },
    stores: { exports: { connector: 'sample@^1', config: {} } },
    jobs: {
      monthly: {
        parameters: {
          month: { type: 'string', pattern: String.raw`\d{4}-\d{2}` },
          least: { type: 'decimal', default: '0' },
          ids: { type: 'integer', list: true, maxLength: 3, nullable: true, default: null },
        },
        source: { connection: 'ledger', query: 'SELECT 1' },
      },
      plain: { source: { connection: 'ledger', query: 'SELECT 2' } },
    },
    triggers: {
      requests: { kafka: { cluster: 'main', topic: 'billing.requests' } },
      nightly: { cron: { schedule: '0 2 * * *' }, job: 'plain' },
    },
    replies: {
      main: { kafka: { cluster: 'main', topic: 'billing.replies' }, messages: ['progress'] },
      hook: { webhook: { url: 'https://billing.example.com/hook' } },
      drop: { file: { folder: 'replies' } },
    },
  },
})

test('the document of an application is AsyncAPI 3.0 as its own schema has it', () => {
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(published)
  for (const clusters of [undefined, { main: ['broker:9092'] }]) {
    const document = asyncApiDocument(billing, { version: '1', ...(clusters && { clusters }) })
    assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 3), undefined, 1))
  }
  assert.equal(validate({ ...asyncApiDocument(billing, { version: '1' }), asyncapi: '1.0.0' }), false)
})

test('every topic and webhook is a channel, and only those', () => {
  const { channels, operations, servers } = asyncApiDocument(billing, { version: '1' }) as Readonly<
    Record<string, Readonly<Record<string, { readonly address?: string | null; readonly host?: string }>>>
  >
  assert.deepEqual(
    Object.entries(channels ?? {}).map(([name, { address }]) => [name, address]),
    [
      ['request-requests', 'billing.requests'],
      ['reply-main', 'billing.replies'],
      ['reply-hook', null],
    ],
  )
  assert.deepEqual(Object.keys(operations ?? {}), ['take-requests', 'answer-main', 'answer-hook'])
  assert.equal(servers?.['main']?.host, '{bootstrap}')
})

test('a request is held to the job that it names', () => {
  const document = asyncApiDocument(billing, { version: '1' })
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'https://bulkhead.test/document', ...document })
  const validate = ajv.compile({
    $ref: 'https://bulkhead.test/document#/components/messages/request/payload',
  })
  const request = (data: object): object => ({
    specversion: '1.0',
    type: 'dev.bulkhead.run.requested.v1',
    source: '/portal',
    id: 'r-1',
    data,
  })
  const takes = (data: object): boolean => validate(request(data))
  assert.ok(takes({ job: 'monthly', parameters: { month: '2026-10' } }), JSON.stringify(validate.errors))
  assert.ok(takes({ job: 'monthly', parameters: { month: '2026-10', ids: [1, 2], least: '12.50' } }))
  assert.ok(takes({ job: 'plain' }))
  for (const data of [
    { job: 'monthly', parameters: { month: '2026-10-01' } },
    { job: 'monthly', parameters: {} },
    { job: 'monthly', parameters: { month: '2026-10', ids: [1, 2, 3, 4] } },
    { job: 'monthly', parameters: { month: '2026-10', unknown: 1 } },
    { job: 'yearly' },
    { source: { connection: 'ledger', query: 'SELECT 1' } },
  ])
    assert.equal(takes(data), false, JSON.stringify(data))
})
