/** A source that keeps every promise, in memory: what the doubles break, one promise at a time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch, Column, ColumnsBatch } from '../batch.ts'
import {
  defineConnector,
  SDK_VERSION,
  type ConnectorDefinition,
  type SourceCapabilities,
} from '../connector.ts'
import { BulkheadError } from '../errors.ts'
import type { Extract, ReadRequest, Source } from '../source.ts'
import type { SystemType } from '../system-type.ts'
import type { Field } from '../types.ts'
import { z } from 'zod'
import { bindObjectParameters, orParameter } from '../object-parameters.ts'
import type { SourceSubject } from './subject.ts'

export const memoryConfig = z.strictObject({
  host: z.string().describe('Where it would be'),
  password: z.string().default('').describe('Its password').meta({ secret: true }),
})
export type MemoryConfig = z.output<typeof memoryConfig>

export const memoryErrors = [
  { code: 'memory-away', kind: 'transient', meaning: 'Nobody is there', fix: 'Try again' },
  { code: 'memory-query', kind: 'config', meaning: 'The query is wrong', fix: 'Correct it' },
] as const

export function memoryFailure(code: 'memory-away' | 'memory-query', path?: string): BulkheadError {
  const { kind, fix, meaning } = memoryErrors.find((error) => error.code === code) ?? memoryErrors[0]
  return new BulkheadError({ kind, code, message: meaning, fix, ...(path === undefined ? {} : { path }) })
}

export const memoryFields: readonly Field[] = [
  { name: 'id', type: { kind: 'integer', bits: 32 }, nullable: false },
  { name: 'text', type: { kind: 'text' }, nullable: true },
]
export const memoryTypes: readonly SystemType[] = [
  { system: ['number'], becomes: 'int32' },
  { system: ['string'], becomes: 'text' },
]
/** Whose rows there are. */
export const MEMORY_NAME = 'Ada'
const WIDE = 'x'.repeat(1000)

/** A query: so many numbered rows, with a text of 1000 bytes or its own. */
export interface MemoryQuery {
  readonly rows: number
  /** Of a result with the text `growing` there are more rows each time that the system grows. */
  readonly text?: string | null
  /** Before the first row, ms. */
  readonly wait?: number
  /** One of the two columns. */
  readonly only?: string
  /** Whose rows: of Ada alone there are any. */
  readonly name?: string
}

const memoryQuery = z
  .strictObject({
    rows: orParameter(z.number()).describe('How many'),
    text: orParameter(z.string().nullable()).optional().describe('Of every row'),
    wait: z.number().optional().describe('Before the first row, ms'),
    only: z.string().optional().describe('One of the two columns'),
    name: orParameter(z.string()).optional().describe('Whose rows'),
  })
  .describe('Which rows')

export function bindMemoryQuery(read: ReadRequest): MemoryQuery {
  const query = bindObjectParameters(read.query, read.parameters)
  if (typeof query !== 'object' || query === null || !('rows' in query))
    throw memoryFailure('memory-query', 'query')
  const bound = query as MemoryQuery
  // Its columns are UTF-8, which has no half of a character.
  if (bound.text?.isWellFormed() === false) throw memoryFailure('memory-query', 'query.text')
  return (bound.name ?? MEMORY_NAME) === MEMORY_NAME ? bound : { ...bound, rows: 0 }
}

export function columnsOf(from: number, rows: number, query: MemoryQuery): Batch {
  const text = query.text === undefined ? WIDE : query.text
  const bytes = Buffer.from((text ?? '').repeat(rows))
  const each = Buffer.byteLength(text ?? '')
  const ids: Column = {
    layout: 'fixed',
    values: Int32Array.from({ length: rows }, (_, i) => from + i),
    validity: undefined,
  }
  const texts: Column = {
    layout: 'variable',
    offsets: Int32Array.from({ length: rows + 1 }, (_, i) => i * each),
    bytes,
    validity: text === null ? new Uint8Array(Math.ceil(rows / 8)) : undefined,
  }
  return { form: 'columns', rows, columns: [ids, texts], bytes: rows * (8 + each) }
}

export async function* readMemory(
  query: MemoryQuery,
  read: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  if (query.wait !== undefined)
    await sleep(query.wait, undefined, { signal }).catch(() => signal.throwIfAborted())
  const rows = Math.min(query.rows, read.maxRows ?? query.rows)
  const each = 8 + Buffer.byteLength(query.text === undefined ? WIDE : (query.text ?? ''))
  const size = Math.max(1, Math.min(read.batchRows, Math.floor(read.batchBytes / each)))
  for (let at = 0; at < rows; at += size) {
    signal.throwIfAborted()
    yield columnsOf(at, Math.min(size, rows - at), query)
  }
  signal.throwIfAborted()
}

/** Leaves columns out, and encodes, as far as was asked for. */
async function* shaped(
  batches: AsyncIterable<Batch>,
  { only }: MemoryQuery,
  read: ReadRequest,
): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    if (batch.form !== 'columns') yield batch
    else if (read.form === 'bytes') yield csvOf(batch, read.output.csv.delimiter)
    else
      yield {
        ...batch,
        columns: batch.columns.filter((_, at) => only === undefined || memoryFields[at]?.name === only),
      }
  }
}

function csvOf(batch: ColumnsBatch, delimiter: string): Batch {
  const [ids, texts] = batch.columns
  if (ids?.layout !== 'fixed' || texts?.layout !== 'variable') throw new Error('These are not the columns')
  const lines = Array.from({ length: batch.rows }, (_, row) => {
    const text = Buffer.from(texts.bytes.subarray(texts.offsets[row], texts.offsets[row + 1])).toString()
    return `${String(ids.values[row])}${delimiter}${text === '' && texts.validity === undefined ? '""' : text}\n`
  })
  return { form: 'bytes', rows: batch.rows, bytes: Buffer.from(lines.join('')) }
}

export interface MemoryParts {
  /** By how many rows the system has grown. */
  readonly growth?: { rows: number }
  readonly definition?: Partial<ConnectorDefinition<MemoryConfig>>
  readonly unchanged?: () => Promise<boolean>
  readonly capabilities?: Partial<SourceCapabilities>
  readonly open?: (config: MemoryConfig) => void
  readonly source?: Partial<Source>
  readonly bind?: (read: ReadRequest) => MemoryQuery
  readonly read?: typeof readMemory
  readonly extract?: Partial<Extract>
}

/** The truthful subject, with parts of it replaced. */
export function memorySource(parts: MemoryParts = {}): SourceSubject<MemoryConfig> {
  const growth = parts.growth ?? { rows: 0 }
  const prepare = async (read: ReadRequest, signal: AbortSignal): Promise<Extract> => {
    signal.throwIfAborted()
    const bound = (parts.bind ?? bindMemoryQuery)(read)
    const query = bound.text === 'growing' ? { ...bound, rows: bound.rows + growth.rows } : bound
    return {
      fields: memoryFields.filter(({ name }) => query.only === undefined || query.only === name),
      consistency: 'snapshot',
      read: (readSignal) => shaped((parts.read ?? readMemory)(query, read, readSignal), query, read),
      async [Symbol.asyncDispose]() {},
      ...parts.extract,
    }
  }
  const connector = defineConnector<MemoryConfig>({
    name: 'memory',
    sdk: SDK_VERSION,
    summary: 'Rows that are made up',
    config: memoryConfig,
    query: memoryQuery,
    source: {
      capabilities: {
        forms: ['columns'],
        encodes: {},
        snapshot: true,
        replayable: true,
        readOnly: 'enforced',
        query: 'object',
        limitsRows: true,
        ...parts.capabilities,
      },
      async open({ config }) {
        if (parts.open !== undefined) parts.open(config)
        else if (config.host === 'nowhere') throw memoryFailure('memory-away')
        return {
          check: async () => 'memory is there',
          prepare,
          async [Symbol.asyncDispose]() {},
          ...parts.source,
        }
      },
    },
    types: memoryTypes,
    errors: memoryErrors,
    ...parts.definition,
  })
  return {
    connector,
    config: { host: 'here' },
    wrongConfigs: [
      { title: 'no host', config: {} },
      { title: 'a host that is away', config: { host: 'nowhere' }, code: 'memory-away' },
    ],
    cases: [
      {
        title: 'two rows by a parameter',
        query: { rows: { $param: 'rows' }, text: 'é' },
        parameters: { rows: 2 },
        fields: memoryFields.map(({ name, type }) => ({ name, type })),
        rows: [
          { id: 0, text: 'é' },
          { id: 1, text: 'é' },
        ],
        bytes: [{ format: 'csv', csv: { delimiter: ';' }, files: { '': '0;é\n1;é\n' } }],
      },
      {
        title: 'null',
        query: { rows: 1, text: null },
        rows: [{ id: 0, text: null }],
        bytes: [{ format: 'csv', files: { '': '0,\n' } }],
      },
    ],
    wrongQueries: [{ title: 'text', query: 'SELECT', code: 'memory-query' }],
    large: { query: { rows: 40_000 } },
    slow: { query: { rows: 1, wait: 60_000 } },
    writes: [{ query: { rows: 1 } }],
    textParameters: [
      {
        title: 'a name',
        query: { rows: 3, text: 'x', name: { $param: 'name' } },
        parameters: { name: MEMORY_NAME },
      },
      {
        title: 'a text',
        query: { rows: 1, text: { $param: 'text' } },
        parameters: { text: 'é' },
        echo: ({ text }) => text,
      },
    ],
    types: [
      {
        type: 'number',
        becomes: { kind: 'integer', bits: 32 },
        query: { rows: 2, only: 'id' },
        values: [0, 1],
      },
      { type: 'string', becomes: { kind: 'text' }, query: { rows: 1, text: '', only: 'text' }, values: [''] },
    ],
    changing: {
      query: { rows: 1200, text: 'growing' },
      change: async () => void growth.rows++,
    },
    unchanged: parts.unchanged ?? (async () => true),
  }
}
