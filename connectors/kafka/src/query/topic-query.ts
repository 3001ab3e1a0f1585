import { bindObjectParameters, orParameter, type ParameterValue, z } from '@bulkhead/connector-sdk'
import { kafkaError } from '../errors.ts'

/** How bytes of a record are read. */
export const formats = ['json', 'avro', 'text', 'binary'] as const
export type Format = (typeof formats)[number]

export const columnNames = ['partition', 'offset', 'timestamp', 'key', 'headers', 'value'] as const
export type ColumnName = (typeof columnNames)[number]

const name = z.string().min(1).max(249)
const offset = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,19}$/, 'must be digits')])
const time = z.string().max(40)
const most = 10_000

const position = z.union([
  z.enum(['earliest', 'latest']),
  z.strictObject({ offset: orParameter(offset).describe('In every partition the same') }),
  z.strictObject({
    offsets: z
      .record(z.string().regex(/^\d{1,9}$/), orParameter(offset))
      .describe('By partition; each partition that is read needs one'),
  }),
  z.strictObject({
    timestamp: orParameter(time).describe('RFC 3339, with its zone: the first record that is not before it'),
  }),
])

/** What a user writes. */
export const topicQuery = z
  .strictObject({
    topic: orParameter(name).meta({ description: 'Name of the topic', examples: ['orders'] }),
    from: orParameter(position)
      .optional()
      .meta({ description: 'Where to begin, in each partition; default `earliest`' }),
    to: orParameter(position).optional().meta({
      description:
        'Where to end, without the record there; default `latest`. It is found out when the read begins, so that a topic that is being written to ends',
    }),
    partitions: orParameter(z.array(z.int().nonnegative()).min(1).max(most))
      .optional()
      .meta({ description: 'Partitions to read, in this order; default: all' }),
    value: z.enum(formats).optional().meta({ description: 'What values are; default `json`' }),
    key: z.enum(formats).optional().meta({ description: 'What keys are; default `text`' }),
    headers: z
      .enum(['text', 'binary'])
      .optional()
      .meta({ description: 'What values of headers are; default `text`' }),
    columns: z
      .array(z.enum(columnNames))
      .min(1)
      .max(columnNames.length)
      .optional()
      .meta({ description: 'Columns of the result, in this order; default: only `value`' }),
  })
  .meta({
    description: 'Records of a topic between two ends',
    examples: [
      { topic: 'orders' },
      {
        topic: 'orders',
        from: { timestamp: { $param: 'day' } },
        to: { timestamp: { $param: 'nextDay' } },
        columns: ['partition', 'offset', 'timestamp', 'key', 'value'],
      },
    ],
  })

/** One end of a read. */
export type Position =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly of: (partition: number) => bigint | undefined }
  | { readonly kind: 'timestamp'; readonly ms: number }

/** A query with its parameters bound and its defaults filled in. */
export interface TopicRead {
  readonly topic: string
  readonly from: Position
  readonly to: Position
  readonly partitions: readonly number[] | undefined
  readonly value: Format
  readonly key: Format
  readonly headers: 'text' | 'binary'
  readonly columns: readonly ColumnName[]
}

/**
 * Binds the parameters and checks the query.
 * @throws BulkheadError kind `config`, `path` beginning with `query`
 */
export function topicRead(written: unknown, parameters: Readonly<Record<string, ParameterValue>>): TopicRead {
  check(topicQuery, written)
  const bound = check(topicQuery, bindObjectParameters(written, parameters))
  const { topic, from = 'earliest', to = 'latest', partitions, columns = ['value'] } = bound
  if (typeof topic !== 'string' || (partitions !== undefined && !Array.isArray(partitions)))
    throw invalid('A parameter is not bound', 'query')
  if (topic === '.' || topic === '..' || !/^[A-Za-z0-9._-]+$/.test(topic))
    throw invalid('The topic has a name that no topic can have', 'query.topic')
  if (new Set(columns).size < columns.length) throw invalid('A column is named twice', 'query.columns')
  if (partitions !== undefined && new Set(partitions).size < partitions.length)
    throw invalid('A partition is named twice', 'query.partitions')
  return {
    topic,
    from: positionOf(from, 'query.from'),
    to: positionOf(to, 'query.to'),
    partitions,
    value: bound.value ?? 'json',
    key: bound.key ?? 'text',
    headers: bound.headers ?? 'text',
    columns,
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { path = [], message = '' } = result.error.issues[0] ?? {}
  throw invalid(message, ['query', ...path].join('.'))
}

function positionOf(value: NonNullable<z.output<typeof topicQuery>['from']>, path: string): Position {
  if (value === 'earliest' || value === 'latest') return { kind: value }
  if ('offset' in value) {
    const wanted = offsetOf(value.offset, `${path}.offset`)
    return { kind: 'offset', of: () => wanted }
  }
  if ('offsets' in value) {
    const wanted = new Map(
      Object.entries(value.offsets).map(([partition, each]) => [
        Number(partition),
        offsetOf(each, `${path}.offsets.${partition}`),
      ]),
    )
    return { kind: 'offset', of: (partition) => wanted.get(partition) }
  }
  if ('timestamp' in value)
    return { kind: 'timestamp', ms: millisecondsOf(value.timestamp, `${path}.timestamp`) }
  throw invalid('A parameter is not bound', path)
}

function offsetOf(value: unknown, path: string): bigint {
  const whole = typeof value === 'number' || typeof value === 'string' ? BigInt(value) : -1n
  if (whole < 0n || whole > 2n ** 63n - 1n)
    throw invalid('An offset is a whole number of at most 63 bits', path)
  return whole
}

const moment = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)$/

/** Kafka keeps milliseconds: the first one that is not before the moment. */
function millisecondsOf(value: unknown, path: string): number {
  const text = typeof value === 'string' ? value : ''
  if (!moment.test(text))
    throw invalid('A timestamp is a moment with its zone, such as 2026-10-31T08:15:00Z', path)
  const [, beforeZone = '', zone = ''] = /^(.*?)(Z|[+-]\d\d(?::?\d\d)?)$/.exec(text) ?? []
  const [whole = '', fraction = ''] = beforeZone.replace(' ', 'T').split('.')
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`
  const seconds = whole.length === 16 ? `${whole}:00` : whole
  const ms = Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`)
  const day = whole.slice(0, 10)
  if (Number.isNaN(ms) || !new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().startsWith(day))
    throw invalid('The calendar has no such moment', path)
  return /[1-9]/.test(fraction.slice(3)) ? ms + 1 : ms
}

function invalid(message: string, path: string): Error {
  return kafkaError('kafka-query-invalid', `The query is not valid: ${message}`, { path })
}
