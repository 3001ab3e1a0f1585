import assert from 'node:assert/strict'
import { isBulkheadError, type ConnectorManifest } from '@bulkhead/connector-sdk'
import { applicationSchema, type PreparedResult, readRequest } from '@bulkhead/contract'
import type { Application } from '../application/application.ts'
import { catalogOf } from '../catalog/catalog-of.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { planRun } from './plan-run.ts'
import type { Plan } from './plan.ts'

/** An application with a catalog of connectors, none of which can be loaded: planning must not need that. */

const nowMs = Date.parse('2026-11-20T09:00:00Z')

const config = {
  type: 'object',
  properties: {
    host: { type: 'string' },
    password: { type: 'string', secret: true },
    files: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: { connection: { type: 'string', connection: true }, path: { type: 'string' } },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
}
const text = { type: 'string', minLength: 1 }
const object = { type: 'object', properties: { path: {} }, required: ['path'], additionalProperties: false }

const catalog = catalogOf([
  connector('postgres', text, {
    forms: ['bytes', 'columns'],
    encodes: { csv: { options: ['delimiter', 'nullText'] }, jsonl: { options: [] } },
    snapshot: true,
  }),
  connector('duckdb', text, { forms: ['columns'], encodes: {}, snapshot: false }),
  connector('search', { anyOf: [text, object] }, { forms: ['columns'], encodes: {}, snapshot: 'object' }),
  connector('simple', text, { forms: ['rows'], encodes: {}, snapshot: false }),
  connector(
    'files',
    object,
    { forms: ['bytes'], encodes: { binary: { options: [] } }, snapshot: false },
    true,
  ),
])

function connector(
  name: string,
  query: object,
  source: Pick<NonNullable<ConnectorManifest['source']>, 'forms' | 'encodes' | 'snapshot'>,
  isStore = false,
): ReturnType<Catalog['resolve']> {
  return {
    name,
    version: '1.0.0',
    folder: `/connectors/${name}`,
    integrity: () => 'sha256-0',
    manifest: {
      name,
      version: '1.0.0',
      sdk: 1,
      summary: '',
      config,
      query: query as Record<string, unknown>,
      source: {
        ...source,
        replayable: true,
        readOnly: 'enforced',
        query: query === text ? 'sql' : 'object',
        limitsRows: true,
      },
      ...(isStore && { store: { parallelParts: true, links: 'platform' as const } }),
      errors: [],
    },
  }
}

/** The application `billing`, with changes. */
export function applicationOf(
  changes: {
    jobs?: object
    connections?: object
    policy?: object
    stores?: object
    flags?: object
  } = {},
): Application {
  return {
    name: 'billing',
    folder: '/applications/billing',
    environment: undefined,
    variables: [],
    files: new Map([['a.sql', { path: 'a.sql', bytes: new TextEncoder().encode('SELECT 2'), sha256: '' }]]),
    lock: undefined,
    platform: { allowLoopback: false },
    manifest: applicationSchema.parse({
      apiVersion: 'bulkhead.dev/v1beta1',
      kind: 'Application',
      metadata: { name: 'billing' },
      spec: {
        owner: 'me',
        connections: {
          ledger: { connector: 'postgres@^1', config: { host: 'db', password: { secret: 'db' } } },
          lake: { connector: 'files@^1', config: {} },
          ...changes.connections,
        },
        stores: changes.stores ?? { exports: { connector: 'files@^1', config: {} } },
        jobs: {
          invoices: {
            parameters: { month: { type: 'string' } },
            source: { connection: 'ledger', query: 'SELECT :month' },
            output: { fileName: 'invoices-{month}.csv' },
          },
          ...changes.jobs,
        },
        policy: changes.policy ?? {},
        flags: changes.flags ?? {},
      },
    }),
  }
}

export function planOf(
  application: Application,
  data: Record<string, unknown>,
  prepared?: PreparedResult,
): Plan {
  const request = readRequest({ requestId: 'r1', ...data })
  return planRun({ application, request, catalog, nowMs, prepared })
}

/** Everything that is wrong with a request, as `code path: message`. */
export function refusal(application: Application, data: Record<string, unknown>): string[] {
  try {
    planOf(application, data)
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    for (const fault of [error, ...error.others]) assert.ok(fault.fix, `${fault.code} has no fix`)
    return [error, ...error.others].map(({ code, path, message }) => `${code} ${path ?? '-'}: ${message}`)
  }
  assert.fail('the request was planned')
}

export const month = { month: '2026-10' }
export const invoices = { job: 'invoices', parameters: month }
