/** Every bad input that needs no server, with what it must come to: a table, and so one file. */
import type { ApplicationSpec } from '../support/application-folder.ts'
import type { Refusal } from './refusal.ts'

/** An application that works; a bad input spoils it, or asks it wrongly. */
export const spec: ApplicationSpec = {
  connections: {
    books: { connector: 'duckdb', config: { folder: 'data', files: { sales: { path: 'sales.csv' } } } },
    away: {
      connector: 'postgres',
      config: { host: 'db.invalid', database: 'x', user: 'x', password: { secret: 'away' } },
      limits: { connectTimeout: 'PT2S' },
    },
  },
  stores: { out: { connector: 'files', config: { folder: 'results', createFolder: true } } },
  jobs: {
    sales: {
      parameters: { year: { type: 'integer', minimum: 2000 }, note: { type: 'string', default: 'x' } },
      source: { connection: 'books', query: 'SELECT *, :note AS note FROM sales WHERE year = :year' },
      retry: { attempts: 1 },
    },
    slow: {
      source: { connection: 'books', query: 'SELECT count(*) FROM range(1000000000000) a' },
      retry: { attempts: 1 },
    },
    many: {
      source: { connection: 'books', query: 'SELECT range AS n FROM range(5000000)' },
      retry: { attempts: 1 },
    },
    mapped: {
      source: { connection: 'books', query: 'SELECT * FROM sales' },
      process: [{ map: './map.ts' }],
    },
    away: { source: { connection: 'away', query: 'SELECT 1' }, retry: { attempts: 1 } },
  },
  policy: { adHoc: { queries: ['books'], connectors: ['duckdb'] } },
}

export interface BadInput extends Refusal {
  readonly title: string
  /** Instead of the specification above. */
  readonly spec?: (good: typeof spec) => ApplicationSpec
  /** Files of the application, `application.yaml` too. */
  readonly files?: Readonly<Record<string, string>>
  readonly job?: string
  readonly parameters?: readonly string[]
  /** A request on standard input, instead of job and parameters. */
  readonly request?: unknown
  readonly args?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

const adHoc = (query: string, more: object = {}): object => ({
  requestId: 'r-1',
  source: { connection: 'books', query },
  ...more,
})
const inJob =
  (job: string, change: object): ((good: typeof spec) => ApplicationSpec) =>
  (good) => ({
    ...good,
    jobs: { ...good.jobs, [job]: { ...(good.jobs?.[job] as object), ...change } },
  })

export const inputs: readonly BadInput[] = [
  {
    title: 'an unknown connector in the manifest',
    spec: (good) => ({ ...good, connections: { ...good.connections, books: { connector: 'duckdbb' } } }),
    code: 'connector-unknown',
    exit: 2,
    path: 'spec.connections.books.connector',
  },
  {
    title: 'a version of a connector that is not installed',
    spec: (good) => ({ ...good, stores: { out: { connector: 'files@^7', config: { folder: 'results' } } } }),
    code: 'connector-unknown',
    exit: 2,
    path: 'spec.stores.out.connector',
  },
  {
    title: 'an unknown connector in a request',
    request: { requestId: 'r-1', source: { connector: 'oracle', config: {}, query: 'SELECT 1' } },
    code: 'ad-hoc-refused',
    exit: 2,
    path: 'source.connector',
  },
  {
    title: 'an unknown setting of a connection',
    spec: (good) => ({
      ...good,
      connections: {
        ...good.connections,
        books: { connector: 'duckdb', config: { fodler: 'data', files: {} } },
      },
    }),
    code: 'connection-config-invalid',
    exit: 2,
    path: 'spec.connections.books.config.fodler',
  },
  {
    title: 'a password in the manifest',
    spec: (good) => ({
      ...good,
      connections: {
        ...good.connections,
        away: {
          connector: 'postgres',
          config: { host: 'db.invalid', database: 'x', user: 'x', password: 'hunter2' },
        },
      },
    }),
    job: 'away',
    parameters: [],
    code: 'secret-in-clear',
    exit: 2,
    path: 'spec.connections.away.config.password',
  },
  {
    title: 'an unknown field of the manifest',
    spec: inJob('sales', { ouptut: {} }),
    code: 'manifest-invalid',
    exit: 2,
    path: 'spec.jobs.sales.ouptut',
  },
  {
    title: 'several faults of the manifest, all told at once',
    spec: (good) =>
      ({ ...inJob('sales', { ouptut: {}, chunk: { rows: 0 } })(good), connectons: {} }) as ApplicationSpec,
    code: 'manifest-invalid',
    exit: 2,
    path: /^spec\./,
    others: 2,
  },
  {
    title: 'a manifest that is not YAML',
    files: { 'application.yaml': 'apiVersion: bulkhead.dev/v1beta1\n  kind: [Application\n' },
    code: 'manifest-unreadable',
    exit: 2,
    path: undefined,
  },
  {
    title: 'a manifest that is no object',
    files: { 'application.yaml': '\u0000\u0001\u0002' },
    code: 'manifest-invalid',
    exit: 2,
    path: undefined,
  },
  {
    title: 'a folder without manifest',
    args: ['--application', 'nowhere'],
    code: 'application-not-found',
    exit: 2,
    path: undefined,
  },
  {
    title: 'an environment that is not there',
    args: ['--environment', 'prod'],
    code: 'environment-not-found',
    exit: 2,
    path: undefined,
  },
  {
    title: 'a file that the manifest names and nobody wrote',
    spec: inJob('sales', { source: { connection: 'books', queryFile: 'sales.sql' } }),
    code: 'file-not-found',
    exit: 2,
    path: 'spec.jobs.sales.source.queryFile',
  },
  {
    title: 'a file outside the application',
    spec: inJob('sales', { source: { connection: 'books', queryFile: '../secret.sql' } }),
    code: 'file-outside-application',
    exit: 2,
    path: 'spec.jobs.sales.source.queryFile',
  },
  {
    title: 'a missing parameter',
    parameters: [],
    code: 'parameter-missing',
    exit: 2,
    path: 'parameters.year',
  },
  {
    title: 'an ill-typed parameter',
    parameters: ['year=MMXXVI'],
    code: 'parameter-invalid',
    exit: 2,
    path: 'parameters.year',
  },
  {
    title: 'a parameter out of bounds',
    request: { requestId: 'r-1', job: 'sales', parameters: { year: 1999 } },
    code: 'parameter-invalid',
    exit: 2,
    path: 'parameters.year',
  },
  {
    title: 'a parameter that the job does not know',
    parameters: ['year=2026', 'yaer=2026'],
    code: 'parameter-unknown',
    exit: 2,
    path: 'parameters.yaer',
  },
  { title: 'a job that is not there', job: 'sale', code: 'job-unknown', exit: 2, path: 'job' },
  {
    title: 'a field that the job does not let a request set',
    request: { requestId: 'r-1', job: 'sales', parameters: { year: 2026 }, output: { format: 'parquet' } },
    code: 'request-may-not',
    exit: 2,
    path: 'output.format',
  },
  {
    title: 'a request that is not JSON',
    request: '{"requestId":',
    code: 'request-unreadable',
    exit: 2,
    path: undefined,
  },
  { title: 'a request that is empty', request: '', code: 'request-unreadable', exit: 2, path: undefined },
  {
    title: 'a request that is a list',
    request: [{ requestId: 'r-1' }],
    code: 'request-unreadable',
    exit: 2,
    path: undefined,
  },
  {
    title: 'a request larger than a mebibyte',
    request: { requestId: 'r-1', job: 'sales', parameters: { note: 'x'.repeat(1024 * 1024) } },
    code: 'request-unreadable',
    exit: 2,
    path: undefined,
  },
  {
    title: 'a request file that is not there',
    args: ['--request', 'nowhere.json'],
    code: 'request-unreadable',
    exit: 2,
    path: '--request',
  },
  {
    title: 'a request without id',
    request: { job: 'sales' },
    code: 'request-id-invalid',
    exit: 2,
    path: 'requestId',
  },
  ...['', 'a\u0000b', 'a\nb', 'x'.repeat(257), { id: 1 }].map((requestId): BadInput => ({
    title: `a hostile request id: ${JSON.stringify(requestId).slice(0, 30)}`,
    request: { requestId, job: 'sales', parameters: { year: 2026 } },
    code: 'request-id-invalid',
    exit: 2,
    path: 'requestId',
  })),
  ...[
    '../../etc/passwd',
    '/etc/passwd',
    'a/b.csv',
    '.hidden',
    'a\u0000.csv',
    'a\nb.csv',
    'CON.csv',
    '\u202Egpj.csv',
    `${'ö'.repeat(130)}.csv`,
  ].map((fileName): BadInput => ({
    title: `a hostile file name: ${JSON.stringify(fileName).slice(0, 30)}`,
    request: adHoc('SELECT 1', { output: { fileName } }),
    code: 'file-name-invalid',
    exit: 2,
    path: 'output.fileName',
  })),
  {
    title: 'a request that came too late',
    request: adHoc('SELECT 1', { validUntil: '2020-01-01T00:00:00Z' }),
    code: 'request-expired',
    exit: 2,
    path: 'validUntil',
  },
  {
    title: 'a link that would be valid for too long',
    request: adHoc('SELECT 1', { deliver: { urlExpiresIn: 'P30D' } }),
    code: 'url-expiry-too-long',
    exit: 2,
    path: 'deliver.urlExpiresIn',
  },
  {
    title: 'a request that names a secret',
    request: {
      requestId: 'r-1',
      source: { connector: 'duckdb', config: { folder: { secret: 'away' } }, query: 'SELECT 1' },
    },
    code: 'secret-reference-refused',
    exit: 2,
    path: 'source.config.folder',
  },
  {
    title: 'an SQL error',
    request: adHoc('SELEC 1'),
    code: 'duckdb-query-invalid',
    exit: 2,
    path: 'source.query',
  },
  {
    title: 'a query on a table that is not there',
    request: adHoc('SELECT * FROM sale'),
    code: 'duckdb-query-invalid',
    exit: 2,
    path: 'source.query',
  },
  {
    title: 'a query that writes',
    request: adHoc("COPY (SELECT 1) TO 'results/x.csv'"),
    code: 'duckdb-query-refused',
    exit: 2,
    path: 'source.query',
  },
  {
    title: 'a query with a parameter that nobody gave',
    request: adHoc('SELECT :x'),
    code: 'parameter-missing',
    exit: 2,
    path: 'source.query',
  },
  {
    title: 'a file of data that is none',
    files: { 'data/sales.csv': '\u0000\u0001' },
    spec: (good) => ({
      ...good,
      connections: {
        ...good.connections,
        books: {
          connector: 'duckdb',
          config: { folder: 'data', files: { sales: { path: 'sales.csv', format: 'parquet' } } },
        },
      },
    }),
    parameters: ['year=2026'],
    code: 'duckdb-file-invalid',
    exit: 2,
    path: /^spec\.connections\.books\.config\.files\.sales/,
  },
  {
    title: 'mapping code that throws',
    job: 'mapped',
    parameters: [],
    files: {
      'map.ts':
        'export default function map(row: object) { throw new Error(`secret row ${Object.values(row).join()}`) }',
    },
    code: 'map-failed',
    exit: 4,
    path: 'spec.jobs.mapped.process[0].map',
  },
  {
    title: 'mapping code that is none',
    job: 'mapped',
    parameters: [],
    files: { 'map.ts': 'export const map = 1' },
    code: 'map-invalid',
    exit: 2,
    path: /^spec\.jobs\.mapped\.process/,
  },
  {
    title: 'a result with too many rows',
    job: 'many',
    parameters: [],
    spec: (good) => ({ ...good, policy: { limits: { rows: 1_000_000 } } }),
    code: 'result-too-large',
    exit: 2,
    path: 'spec.policy.limits.rows',
  },
  {
    title: 'a result with too many bytes',
    job: 'many',
    parameters: [],
    spec: (good) => ({ ...good, policy: { limits: { bytes: '5MiB' } } }),
    code: 'result-too-large',
    exit: 2,
    path: 'spec.policy.limits.bytes',
  },
  {
    title: 'a run that takes too long',
    job: 'slow',
    parameters: [],
    spec: (good) => ({ ...good, policy: { limits: { time: 'PT1S' } } }),
    code: 'run-too-long',
    exit: 2,
    path: 'spec.policy.limits.time',
  },
  {
    title: 'a secret that nobody provides',
    job: 'away',
    parameters: [],
    code: 'secret-not-found',
    exit: 2,
    path: 'spec.connections.away.config.password',
  },
  {
    title: 'a host whose name nobody knows',
    job: 'away',
    parameters: [],
    environment: { BULKHEAD_SECRET__SHOP__AWAY: 'hunter2-hunter2' },
    code: 'postgres-host-unknown',
    exit: 2,
    path: 'spec.connections.away.config.host',
  },
  {
    title: 'an address of this machine, which only the platform opens',
    request: {
      requestId: 'r-1',
      source: {
        connector: 'postgres',
        config: { host: '127.0.0.1', database: 'x', user: 'x' },
        query: 'SELECT 1',
      },
    },
    spec: (good) => ({ ...good, policy: { adHoc: { connectors: ['postgres'] } } }),
    code: 'network-refused',
    exit: 2,
    path: undefined,
  },
  {
    title: 'a store folder that is not there',
    spec: (good) => ({ ...good, stores: { out: { connector: 'files', config: { folder: 'not/mounted' } } } }),
    parameters: ['year=2026'],
    code: 'files-folder-missing',
    exit: 2,
    path: 'spec.stores.out.config.folder',
  },
]
