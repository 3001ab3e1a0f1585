import { bindObjectParameters, orParameter, type ParameterValue, z } from '@bulkhead/connector-sdk'
import { checkHeaders } from './client/headers.ts'
import { columnType, columnTypePattern } from './columns/column-type.ts'
import { type DeclaredColumn, type RecordShape, wholeRecords } from './columns/record-batch.ts'
import { httpFault } from './errors.ts'
import { overlap, type Pointer, parsePointer } from './json/json-pointer.ts'
import { paging, type Paging } from './paging/paging-schema.ts'
import type { PathPart } from './target-url.ts'

const scalar = z.union([z.string().max(100_000), z.number(), z.boolean()])
const pointer = z
  .string()
  .max(1000)
  .regex(/^(\/([^~]|~[01])*)?$/, 'must be a JSON Pointer such as /data/items')

const column = z.strictObject({
  name: z.string().min(1).max(200).meta({ description: 'Name of the column' }),
  type: z
    .string()
    .regex(columnTypePattern, 'must be a type such as text, integer, decimal(12,2), timestamptz or json')
    .meta({
      description:
        'What it holds: boolean, integer (also integer8, 16, 32, unsigned8, 16, 32, 64), float, float32, decimal, decimal(precision,scale), text, binary (Base64), date, timestamp, timestamptz, epoch-seconds, epoch-milliseconds, json',
      examples: ['integer', 'decimal(12,2)'],
    }),
  path: pointer.optional().meta({
    description: 'Where the value stands in a record; default: the field of the name',
    examples: ['/customer/id'],
  }),
})

const fixed = {
  method: z.enum(['GET', 'POST']).default('GET').meta({
    description:
      'POST is for endpoints that search by a body; whether it changes anything, the API decides, and the rights of the credentials. Default GET',
  }),
  records: pointer.default('').meta({
    description: 'JSON Pointer to the list of records; default: the answer itself is the list',
    examples: ['/data/items'],
  }),
  errorsAt: pointer.optional().meta({
    description:
      'Where an answer of status 200 says that it is not whole; anything there but null, false, 0 and what is empty fails the run. Needed for GraphQL, which answers in part',
    examples: ['/errors', '/is_truncated'],
  }),
  format: z.enum(['json', 'ndjson']).default('json').meta({
    description: '`json`: one document a page; `ndjson`: JSON Lines, each value is a record. Default json',
  }),
  columns: z.array(column).min(1).max(2000).optional().meta({
    description:
      'Columns of the result; default: one column named `record` with each record as it is, which as JSON Lines is the line itself',
  }),
  otherFields: z.enum(['refuse', 'keep', 'drop']).default('refuse').meta({
    description:
      'What happens to fields that no column takes: `refuse` fails the run, `keep` puts them into the column `otherFields` as JSON by their place, `drop` leaves them out. Default refuse: nothing is lost in silence',
  }),
  paging: paging.optional().meta({
    description:
      'How to get to the next page; default: there is one page, and an answer whose Link header names another is an error',
  }),
}

/** What a user writes. */
export const query = z
  .strictObject({
    path: z.union([z.string().max(8192), z.array(orParameter(scalar)).min(1).max(100)]).meta({
      description:
        'Path below baseUrl: text, or its parts one by one, of which each may be a parameter; every part is percent-encoded, `.` and `..` are refused',
      examples: ['orders', ['customers', { $param: 'customer' }, 'orders']],
    }),
    queryParameters: z
      .record(z.string().max(200), orParameter(z.union([scalar, z.array(orParameter(scalar)).max(10_000)])))
      .default({})
      .meta({
        description:
          'Query parameters; a list gives its name several times, a parameter that is null is left out',
        examples: [{ status: 'open', since: { $param: 'since' } }],
      }),
    headers: z
      .record(z.string().max(100), orParameter(scalar))
      .default({})
      .meta({ description: 'Headers of this query; they win over those of the connection' }),
    body: z.unknown().optional().meta({
      description: 'Body of a POST, sent as JSON; `{ $param: name }` may stand for any value within',
    }),
    ...fixed,
  })
  .meta({
    description: 'A list of an API, page by page',
    examples: [
      {
        path: 'orders',
        queryParameters: { since: { $param: 'since' } },
        records: '/data',
        paging: { by: 'cursor', at: '/next', parameter: 'cursor' },
      },
    ],
  })

const values = z.custom<ParameterValue>(
  (value) =>
    value !== undefined &&
    (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array),
)
const part = z.union([z.string(), z.number(), z.boolean(), z.bigint()])

/** What `query` is once its parameters are bound. */
const boundQuery = z.strictObject({
  path: z.union([z.string(), z.array(part).min(1)]),
  queryParameters: z.record(z.string(), values).default({}),
  headers: z.record(z.string(), z.union([part, z.null()])).default({}),
  body: z.unknown().optional(),
  ...fixed,
})

/** What to read, with parameters bound. */
export interface BoundQuery {
  readonly method: 'GET' | 'POST'
  readonly path: string | readonly PathPart[]
  readonly queryParameters: Readonly<Record<string, ParameterValue>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  /** Undefined for JSON Lines. */
  readonly records: Pointer | undefined
  readonly errorsAt: Pointer | undefined
  readonly shape: RecordShape
  readonly paging: Paging | undefined
}

/**
 * Binds the parameters and checks the query.
 * @throws BulkheadError kind `config`, `path` beginning with `query` or `parameters`
 */
export function bindQuery(
  written: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
): BoundQuery {
  const parsed = boundQuery.safeParse(bindObjectParameters(written, parameters))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const at = ['query', ...(issue?.path ?? [])].map(String).join('.')
    throw httpFault('http-query-invalid', `The query is wrong at \`${at}\``, {
      path: at,
      fix: 'Write it as `bulkhead connectors show http` says',
    })
  }
  const {
    method,
    path,
    queryParameters,
    headers,
    body,
    records,
    errorsAt,
    format,
    columns,
    otherFields,
    paging: way,
  } = parsed.data
  if (body !== undefined && method === 'GET')
    throw invalid('query.body', 'A GET has no body', 'Write method: POST, or use queryParameters')
  if (format === 'ndjson' && records !== '')
    throw invalid('query.records', 'JSON Lines have no list at a place', 'Leave records out, or format')
  const list = format === 'ndjson' ? undefined : pointerOf(records)
  checkPlaces(way, list, errorsAt)
  checkPaging(way, method, body)
  return {
    method,
    path,
    queryParameters,
    headers: headersOf(headers),
    body,
    records: list,
    errorsAt: errorsAt === undefined ? undefined : pointerOf(errorsAt),
    shape: columns === undefined ? wholeRecords : shapeOf(columns, otherFields),
    paging: way,
  }
}

function headersOf(headers: z.output<typeof boundQuery>['headers']): Readonly<Record<string, string>> {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)] as const],
  )
  const checked = checkHeaders(Object.fromEntries(given), 'query.headers')
  for (const [name, value] of given)
    if (/^[ \t]|[ \t]$/.test(value))
      throw httpFault(
        'http-header-invalid',
        `The header ${JSON.stringify(name.slice(0, 60))} begins or ends with space, which HTTP drops`,
        { path: `query.headers.${name}`, fix: 'Give the value without it' },
      )
  return checked
}

function shapeOf(
  columns: readonly z.output<typeof column>[],
  otherFields: 'refuse' | 'keep' | 'drop',
): RecordShape {
  const names = new Set(otherFields === 'keep' ? ['otherFields'] : [])
  const declared = columns.map(({ name, type, path }, index): DeclaredColumn => {
    const known = columnType(type)
    if (known === undefined)
      throw invalid(
        `query.columns.${index}.type`,
        `${type} is no type`,
        'A decimal has 1 to 99 digits, and no more of them behind the point',
      )
    if (names.has(name))
      throw invalid(
        `query.columns.${index}.name`,
        `Two columns have the name ${JSON.stringify(name)}`,
        'Rename one of them',
      )
    names.add(name)
    return { name, place: path === undefined ? [name] : pointerOf(path), type: known }
  })
  return { columns: declared, others: otherFields === 'keep' ? { column: 'otherFields' } : otherFields }
}

/** What the schema cannot say. */
function checkPaging(way: Paging | undefined, method: 'GET' | 'POST', body: unknown): void {
  if (way === undefined || way.by === 'none' || way.by === 'link') return
  if (way.by === 'cursor') {
    if ((way.at === undefined) === (way.lastRecord === undefined))
      throw invalid(
        'query.paging',
        'A cursor needs one of at and lastRecord',
        'Write the place of the cursor as at',
      )
    if ((way.parameter === undefined) === (way.bodyField === undefined))
      throw invalid(
        'query.paging',
        'A cursor needs one of parameter and bodyField',
        'Write the query parameter that takes it as parameter',
      )
  }
  if (way.by === 'url') return
  if (way.bodyField !== undefined && (method === 'GET' || (body !== undefined && !isObject(body))))
    throw invalid(
      'query.paging.bodyField',
      'A field of the body needs a POST whose body is an object',
      'Write method: POST, or use parameter',
    )
  if (way.by === 'cursor') return
  if (way.sizeParameter !== undefined && way.size === undefined)
    throw invalid(
      'query.paging.size',
      'sizeParameter needs size',
      'Write how many records to ask for as size',
    )
  if (way.end === 'short' && way.size === undefined)
    throw invalid('query.paging.end', 'A short page can only be told by size', 'Write size, or leave end out')
}

/** What is looked for in an answer must lie beside its records, each thing in a place of its own. */
function checkPlaces(
  way: Paging | undefined,
  records: Pointer | undefined,
  errorsAt: string | undefined,
): void {
  const places: Pointer[] = records === undefined ? [[]] : [records]
  const wanted: Readonly<Record<string, string | undefined>> = {
    errorsAt,
    'paging.at': way?.by === 'url' || way?.by === 'cursor' ? way.at : undefined,
    'paging.hasMore': way === undefined || way.by === 'none' || way.by === 'link' ? undefined : way.hasMore,
    'paging.total': way?.by === 'offset' ? way.total : undefined,
  }
  for (const [name, text] of Object.entries(wanted)) {
    if (text === undefined) continue
    const place = pointerOf(text)
    if (places.some((other) => overlap(place, other)))
      throw invalid(
        `query.${name}`,
        'The answer has no such place beside its records',
        'Correct it, or records: JSON Lines, and an answer that is the list, have nothing beside their records',
      )
    places.push(place)
  }
}

function pointerOf(text: string): Pointer {
  return parsePointer(text) ?? []
}

function isObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

function invalid(path: string, message: string, fix: string): Error {
  return httpFault('http-query-invalid', message, { path, fix })
}
