import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOutputSchema } from '@bulkhead/contract'
import { describePlan, planAsData } from './describe-plan.ts'
import { applicationOf, invoices, month, planOf, refusal } from './sample-application.test-support.ts'

test('plans a job, all of it', () => {
  const { source, store, ...plan } = planOf(applicationOf(), invoices)
  assert.deepEqual(
    { ...source, connector: source.connector.name },
    {
      name: 'ledger',
      connector: 'postgres',
      config: { host: 'db', password: { secret: 'db' } },
      path: 'spec.connections.ledger.config',
      limits: { connections: 4, queryTimeoutMs: 1_800_000, connectTimeoutMs: 15_000 },
      breaker: { failures: 5, openForMs: 30_000 },
      query: 'SELECT :month',
      parameters: month,
      secretParameters: [],
      form: 'bytes',
      queryPath: 'spec.jobs.invoices.source.query',
      formReason: 'postgres writes csv itself, and nothing has to look at the rows',
      fallbacks: [],
      reachable: {},
      mustBeOneMoment: false,
    },
  )
  assert.equal(store.name, 'exports')
  assert.deepEqual(plan, {
    application: 'billing',
    job: 'invoices',
    flags: {},
    preparation: undefined,
    process: [],
    output: {
      format: 'csv',
      csv: {
        delimiter: ',',
        header: true,
        nullText: '',
        quote: 'minimal',
        lineEnding: 'lf',
        encoding: 'utf-8',
        formulaGuard: false,
      },
      compression: 'none',
      compressionLevel: 1,
      fileName: 'invoices-2026-10.csv',
      split: undefined,
      ageRecipients: [],
    },
    urlExpiresInSeconds: 86_400,
    keptForMs: undefined,
    chunk: { rows: 10_000, bytes: 2 ** 20 },
    retry: { attempts: 4, withinMs: 900_000 },
    limits: { rows: undefined, bytes: undefined, timeMs: 7_200_000, temporaryBytes: 10 * 2 ** 30 },
    network: { allow: undefined, allowLoopback: false },
    guarantee: 'exactly-once-effect',
    guaranteeReasons: [
      "The result is one object under the run's own key, invisible until it is complete",
      'A failed attempt leaves nothing behind, and the next reads everything again',
    ],
    consistency: 'snapshot',
    warnings: [],
  })
})

test('refuses a name that is too long for the files of a split result, before the run', () => {
  const source = { connection: 'ledger', query: 'SELECT 1' }
  const application = applicationOf({
    jobs: { one: { source }, split: { source, output: { split: { rows: 10 } } } },
  })
  const asked = (job: string, length: number): Record<string, unknown> => ({
    job,
    output: { fileName: `${'n'.repeat(length - 4)}.csv` },
  })
  assert.equal(planOf(application, asked('one', 255)).output.fileName.length, 255)
  // first the manifest's name, then those of the parts
  for (const length of [246, 255])
    assert.match(refusal(application, asked('split', length)).join(), /^file-name-invalid output\.fileName/)
  assert.equal(planOf(application, asked('split', 245)).output.fileName.length, 245)
})

test('takes the query of a job from its file', () => {
  const job = { source: { connection: 'ledger', queryFile: 'a.sql' } }
  assert.equal(planOf(applicationOf({ jobs: { two: job } }), { job: 'two' }).source.query, 'SELECT 2')
})

test('lets a request set what the job lets it set, and nothing else', () => {
  const plan = planOf(applicationOf(), {
    ...invoices,
    output: { fileName: 'mine' },
    deliver: { urlExpiresIn: 'PT1H' },
  })
  assert.equal(plan.output.fileName, 'mine.csv')
  assert.equal(plan.urlExpiresInSeconds, 3600)
  assert.deepEqual(
    refusal(applicationOf(), { ...invoices, output: { format: 'jsonl', csv: {} }, deliver: { store: 'x' } }),
    [
      'request-may-not output.format: The job does not let a request set `output.format`',
      'request-may-not output.csv: The job does not let a request set `output.csv`',
      'request-may-not deliver.store: The job does not let a request set `deliver.store`',
      'store-unknown deliver.store: The application declares no store x',
    ],
  )
})

test('refuses options of CSV that no file can have, before anything is read', () => {
  const output = { csv: { nullText: 'a,b', encoding: 'klingon' } }
  const jobs = { bad: { source: { connection: 'ledger', query: 'SELECT 1' }, output } }
  assert.deepEqual(refusal(applicationOf({ jobs }), { job: 'bad' }), [
    'output-unsupported spec.jobs.bad.output.csv.nullText: The null text holds the delimiter',
    'output-unsupported spec.jobs.bad.output.csv.encoding: Unknown encoding "klingon"',
  ])
  for (const [csv, path] of [
    [{ delimiter: '\u0000' }, 'delimiter'],
    [{ delimiter: '\ud800' }, 'delimiter'],
    [{ nullText: '\udfff' }, 'nullText'],
    [{ encoding: 'utf-8\r\n' }, 'encoding'],
  ] as const) {
    assert.equal(requestOutputSchema.safeParse({ csv }).error?.issues[0]?.path.join('.'), `csv.${path}`)
  }
  for (const delimiter of [',', '\t', '¦', '\u001f'])
    assert.ok(requestOutputSchema.safeParse({ csv: { delimiter } }).success)
})

test('merges the options of job and request field by field', () => {
  const jobs = {
    two: {
      source: { connection: 'ledger', query: 'SELECT 1' },
      output: { compression: 'gzip', csv: { delimiter: ';', quote: 'all' } },
      requestMay: ['output.csv', 'output.compression'],
    },
  }
  const { output } = planOf(applicationOf({ jobs }), {
    job: 'two',
    output: { compression: 'zstd', csv: { quote: 'minimal', nullText: 'NULL' } },
  })
  assert.equal(output.compression, 'zstd')
  assert.deepEqual(
    [output.csv.delimiter, output.csv.quote, output.csv.nullText, output.csv.encoding],
    [';', 'minimal', 'NULL', 'utf-8'],
  )
  assert.equal(output.fileName, 'two.csv.zst')
})

test('compresses inside the formats that have it there, by a default of each, as far as they can', () => {
  const planned = (output: object): readonly unknown[] => {
    const job = { source: { connection: 'ledger', query: 'SELECT 1' }, output }
    const plan = planOf(applicationOf({ jobs: { one: job } }), { job: 'one' })
    return [plan.output.compression, plan.output.fileName, plan.source.form, ...plan.warnings]
  }
  assert.deepEqual(planned({ format: 'parquet' }), ['zstd', 'one.parquet', 'columns'])
  assert.deepEqual(planned({ format: 'avro' }), ['gzip', 'one.avro', 'columns'])
  assert.deepEqual(planned({ format: 'avro', compression: 'zstd' }), ['zstd', 'one.avro', 'columns'])
  assert.deepEqual(planned({ format: 'xlsx' }), ['gzip', 'one.xlsx', 'columns'])
  assert.deepEqual(planned({ format: 'xlsx', compression: 'none' }), ['none', 'one.xlsx', 'columns'])
  assert.deepEqual(planned({ format: 'parquet', compressionLevel: 3 }).slice(3), [
    '`output.compressionLevel` has no effect on parquet',
  ])
  assert.deepEqual(planned({ format: 'avro', compressionLevel: 3 }).slice(3), [])
  assert.throws(() => planned({ format: 'xlsx', compression: 'zstd' }), {
    code: 'output-unsupported',
    path: 'spec.jobs.one.output.compression',
    message: 'Excel cannot be compressed with zstd',
    fix: 'Use gzip, none, or leave it out',
  })
})

test('a request that chooses another format is not held up by what the job says of its own', () => {
  const job = {
    source: { connection: 'ledger', query: 'SELECT 1' },
    output: { compression: 'zstd' },
    requestMay: ['output.format', 'output.csv'],
  }
  const application = applicationOf({ jobs: { one: job } })
  const asked = (output: object): readonly unknown[] => {
    const plan = planOf(application, { job: 'one', output })
    return [plan.output.compression, ...plan.warnings]
  }
  assert.deepEqual(asked({ format: 'jsonl' }), ['zstd'])
  assert.deepEqual(asked({ format: 'avro' }), ['zstd'])
  assert.deepEqual(asked({ format: 'xlsx' }), [
    'gzip',
    "The job's `output.compression` is zstd, which xlsx does not have: it is gzip here",
  ])
  assert.deepEqual(asked({ format: 'avro', csv: { header: false } }).slice(1), [
    '`output.csv` has no effect on avro',
  ])
})

test('knows before the run where a sheet of Excel ends', () => {
  const planned = (split: object | undefined, rows?: number): readonly unknown[] => {
    const job = { source: { connection: 'ledger', query: 'SELECT 1' }, output: { format: 'xlsx', split } }
    const policy = rows === undefined ? {} : { limits: { rows } }
    const plan = planOf(applicationOf({ jobs: { one: job }, policy }), { job: 'one' })
    return [plan.output.split?.rows, ...plan.warnings]
  }
  assert.deepEqual(planned(undefined), [undefined])
  assert.deepEqual(planned(undefined, 1_048_575), [undefined])
  assert.match(String(planned(undefined, 1_048_576)[1]), /^The application allows 1048576 rows/)
  assert.deepEqual(planned({ rows: 1_048_575 }, 5_000_000), [1_048_575])
  // A sheet that is full begins a new file, whatever its size.
  assert.deepEqual(planned({ bytes: '1GiB' }), [1_048_575])
  assert.throws(() => planned({ rows: 1_048_576 }), {
    code: 'output-unsupported',
    path: 'spec.jobs.one.output.split.rows',
  })
})

test('refuses a request after its validUntil', () => {
  assert.match(
    refusal(applicationOf(), { ...invoices, validUntil: '2026-11-20T08:59:59Z' }).join(),
    /^request-expired validUntil/,
  )
  assert.ok(planOf(applicationOf(), { ...invoices, validUntil: '2026-11-20T11:00:00+01:00' }))
})

test('names jobs and connections that are near', () => {
  assert.deepEqual(refusal(applicationOf(), { job: 'invoice' }), [
    'job-unknown job: The application has no job invoice; did you mean `invoices`?',
  ])
  assert.deepEqual(refusal(applicationOf(), { source: { connection: 'leger', query: 'a' } }), [
    'connection-unknown source.connection: The application declares no connection leger; did you mean `ledger`?',
  ])
  assert.match(refusal(applicationOf(), {}).join(), /^request-invalid job/)
  assert.match(
    refusal(applicationOf(), { ...invoices, source: { connection: 'ledger', query: 'a' } }).join(),
    /^request-invalid source/,
  )
})

test('finds faults of parameters, output, settings and store at once', () => {
  const connections = { ledger: { connector: 'postgres', config: { hots: 'x' } } }
  const stores = { a: { connector: 'files' }, b: { connector: 'files' } }
  assert.deepEqual(
    refusal(applicationOf({ connections, stores }), {
      job: 'invoices',
      parameters: { mnth: 'x' },
      output: { compression: 'gzip' },
    }).map((found) => found.split(':')[0]),
    [
      'connection-config-invalid spec.connections.ledger.config.hots',
      'parameter-unknown parameters.mnth',
      'parameter-missing parameters.month',
      'request-may-not output.compression',
      'store-unknown deliver.store',
    ],
  )
})

test('holds a link to what the policy allows', () => {
  const policy = { limits: { urlExpiresIn: 'PT2H' } }
  assert.equal(planOf(applicationOf({ policy }), invoices).urlExpiresInSeconds, 7200)
  assert.deepEqual(refusal(applicationOf({ policy }), { ...invoices, deliver: { urlExpiresIn: 'PT3H' } }), [
    'url-expiry-too-long deliver.urlExpiresIn: The link would be valid for PT3H; the application allows PT2H',
  ])
})

test('a source that only copies files copies, unless it is asked for what it cannot do', () => {
  const policy = { adHoc: { queries: ['lake'] } }
  const source = { connection: 'lake', query: { path: 'a.csv' } }
  const { output, source: planned, guarantee } = planOf(applicationOf({ policy }), { source })
  assert.deepEqual(
    [output.format, planned.form, guarantee],
    ['binary', 'bytes', 'at-least-once-with-dedupe-key'],
  )
  assert.deepEqual(refusal(applicationOf({ policy }), { source, output: { format: 'csv' } }), [
    'output-unsupported output.format: csv cannot be made from this source: files does not write csv itself',
  ])
  assert.match(
    refusal(applicationOf({ policy }), { source: { ...source, query: 'a.csv' } }).join(),
    /^query-invalid source.query/,
  )
})

test('refuses a guarantee and a consistency that cannot be kept', () => {
  const source = { connection: 'ledger', query: 'SELECT 1' }
  const jobs = {
    split: { source, output: { split: { rows: 10 } }, guarantee: 'exactly-once-effect' },
    lower: { source, output: { split: { rows: 10 } }, guarantee: 'at-least-once' },
    moment: { source: { connection: 'duck', query: 'SELECT 1', consistency: 'snapshot' } },
  }
  const application = applicationOf({ jobs, connections: { duck: { connector: 'duckdb' } } })
  assert.match(
    refusal(application, { job: 'split' }).join(),
    /^guarantee-unreachable spec.jobs.split.guarantee/,
  )
  assert.equal(planOf(application, { job: 'lower' }).guarantee, 'at-least-once-with-dedupe-key')
  assert.match(
    refusal(application, { job: 'moment' }).join(),
    /^guarantee-unreachable spec.jobs.moment.source.consistency/,
  )
})

test('says whether this query reads one moment, where that depends on its kind', () => {
  const query = { path: 'a' }
  const jobs = {
    object: { source: { connection: 'search', query, consistency: 'snapshot' } },
    sql: { source: { connection: 'search', query: 'SELECT 1' } },
    demanding: { source: { connection: 'search', query: 'SELECT 1', consistency: 'snapshot' } },
  }
  const application = applicationOf({ jobs, connections: { search: { connector: 'search' } } })
  const byObject = planOf(application, { job: 'object' })
  assert.deepEqual([byObject.consistency, byObject.source.mustBeOneMoment], ['snapshot', true])
  const bySql = planOf(application, { job: 'sql' })
  assert.deepEqual([bySql.consistency, bySql.source.mustBeOneMoment], ['none', false])
  assert.match(bySql.guaranteeReasons.join(), /need not be of one moment/)
  assert.match(
    refusal(application, { job: 'demanding' }).join(),
    /^guarantee-unreachable spec.jobs.demanding.source.consistency: .* while others write by SQL/,
  )
})

test('promises no moment of files that other connections bring one after the other', () => {
  const source = { connection: 'mixed', query: 'SELECT 1' }
  const jobs = { any: { source }, demanding: { source: { ...source, consistency: 'snapshot' } } }
  const files = { local: { path: 'a' }, remote: { connection: 'lake' } }
  const mixed = { connector: 'postgres', config: { files } }
  const application = applicationOf({ jobs, connections: { mixed } })
  const { consistency, guaranteeReasons } = planOf(application, { job: 'any' })
  assert.equal(consistency, 'none')
  assert.match(guaranteeReasons.join(), /need not be of one moment/)
  assert.match(
    refusal(application, { job: 'demanding' }).join(),
    /^guarantee-unreachable spec.jobs.demanding.source.consistency: .* lake/,
  )
  const own = { connector: 'postgres', config: { files: { local: { path: 'a' } } } }
  assert.equal(
    planOf(applicationOf({ jobs, connections: { mixed: own } }), { job: 'demanding' }).consistency,
    'snapshot',
  )
})

test('refuses a file name that is not safe, and one that lacks its parameter', () => {
  assert.match(
    refusal(applicationOf(), { ...invoices, output: { fileName: '../x' } }).join(),
    /^file-name-invalid output.fileName/,
  )
  assert.match(
    refusal(applicationOf(), { ...invoices, output: { fileName: '{year}' } }).join(),
    /^file-name-invalid output.fileName: The file name has {year}/,
  )
})

test('is the same each time', () => {
  const application = applicationOf()
  assert.deepEqual(planOf(application, invoices), planOf(application, invoices))
})

test('is described to people, with its reasons', () => {
  const plan = planOf(applicationOf({ policy: { network: { allow: ['*.internal:5432'] } } }), invoices)
  assert.equal(
    describePlan(plan),
    `Application  billing
Job          invoices
Source       ledger (postgres 1.0.0)
Parameters   month = "2026-10"
Form         bytes: postgres writes csv itself, and nothing has to look at the rows
Process      nothing
Output       invoices-2026-10.csv: csv
Store        exports (files 1.0.0)
Link         valid for 1 d
Guarantee    exactly-once-effect
             The result is one object under the run's own key, invisible until it is complete
             A failed attempt leaves nothing behind, and the next reads everything again
Consistency  one moment of the source
Limits       any number of rows, any size, 2 h
Retry        up to 4 attempts within 15 min
Network      *.internal:5432, no loopback or metadata addresses`,
  )
})

test('is described to programs as JSON, references to secrets included', () => {
  const data = JSON.parse(JSON.stringify(planAsData(planOf(applicationOf(), invoices)))) as Record<
    string,
    { config?: unknown }
  >
  assert.deepEqual(data['source']?.config, { host: 'db', password: { secret: 'db' } })
})
