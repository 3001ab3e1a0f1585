import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applicationPage } from './application-page.ts'
import { applicationSchema } from './application.ts'

const manifest = applicationSchema.parse({
  apiVersion: 'bulkhead.dev/v1beta1',
  kind: 'Application',
  metadata: { name: 'billing' },
  spec: {
    owner: 'team-billing@example.com',
    description: 'Invoices\n# not a heading <script>',
    connections: { ledger: { connector: 'sample@^1', config: { host: 'db.internal' } } },
    stores: { exports: { connector: 'sample@^1', config: {} } },
    jobs: {
      monthly: {
        description: 'All of a month',
        parameters: {
          month: { type: 'string', pattern: String.raw`\d{4}|now`, description: 'Which | month' },
          kinds: { type: 'string', list: true, enum: ['a', 'b'] },
          least: { type: 'integer', minimum: 0, default: 5 },
        },
        source: { connection: 'ledger', query: 'SELECT secret_column FROM t' },
        output: { format: 'parquet', fileName: 'invoices-{month}.parquet' },
        deliver: { urlExpiresIn: 'PT1H' },
      },
    },
    triggers: { requests: { kafka: { cluster: 'main', topic: 'billing.requests' } } },
    replies: { hook: { webhook: { url: 'https://hook.internal/x', secret: { secret: 'hook' } } } },
    policy: { adHoc: { queries: ['ledger'] } },
  },
})
const page = applicationPage(manifest)

test('the page of an application tells how to ask, what each job takes, and where answers come', () => {
  for (const part of [
    '# billing',
    'Owner: team-billing@example.com',
    'Topic `billing.requests` of the cluster `main`',
    'A webhook, signed (Standard Webhooks) (hook)',
    '### monthly',
    String.raw`| \`month\` | string, as \`\d{4}\|now\` | required | Which \| month |`.replaceAll('\\`', '`'),
    '| `least` | integer, from 0 | `5` |',
    'Result: parquet, named `invoices-{month}.parquet`',
    'a query of its own on the connection `ledger`',
    '"kinds": [',
  ])
    assert.ok(page.includes(part), `${part}\n\n${page}`)
})

test('free text makes no markup, and nothing of a connection is told but its name', () => {
  assert.ok(page.includes(String.raw`Invoices \# not a heading \<script\>`))
  assert.doesNotMatch(page, /db\.internal|secret_column|hook\.internal/)
})

test('the example of a job is a request that names what must be given', () => {
  const [, code = ''] = /```json\n([^`]+)```/.exec(page) ?? []
  assert.deepEqual((JSON.parse(code) as { readonly data: unknown }).data, {
    job: 'monthly',
    parameters: { month: '<month>', kinds: ['a'] },
  })
})
