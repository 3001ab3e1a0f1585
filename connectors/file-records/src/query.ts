import { bindObjectParameters, orParameter, type ParameterValue, z } from '@bulkhead/connector-sdk'
import { columnTypePattern } from './columns/column-type.ts'
import { delimitedFormat } from './delimited/delimited-schema.ts'
import { failure } from './errors.ts'
import { fixedWidthFormat } from './fixed-width/fixed-width-schema.ts'
import type { May } from './may.ts'
import { compressions } from './input/unpack.ts'
import { xlsxFormat } from './xlsx/xlsx-schema.ts'
import { xmlFormat } from './xml/xml-schema.ts'

/** Most columns of a result, and most paths of a query. */
const MAX_COLUMNS = 2000
const MAX_PATHS = 1000

function querySchema(may: May) {
  const path = z.string().min(1).max(4096)
  const texts = z.array(may(z.string().max(1000))).max(100)
  const column = z.strictObject({
    name: z.string().min(1).max(200).describe('Name of the column'),
    type: may(
      z.string().regex(columnTypePattern, 'must be a type such as text, integer, decimal(12,2) or date'),
    )
      .default('text')
      .describe(
        'What it holds: text, boolean, integer (also integer8, 16, 32, unsigned64), decimal(precision,scale), decimal, float, date, timestamp, timestamptz, json; default text',
      ),
    from: may(z.string().min(1).max(1000))
      .optional()
      .describe(
        'Where the file has the column, when not under its name: delimited and Excel: its name in the header; XML: customer/name, @id, customer/@id, or . for the text of the record itself',
      ),
    start: may(z.int().min(1).max(1_000_000))
      .optional()
      .describe(
        'Fixed width: the first character of the column, from 1; default: behind the column before it',
      ),
    length: may(z.int().min(1).max(1_000_000)).optional().describe('Fixed width: characters of the column'),
    pattern: may(z.string().min(1).max(100))
      .optional()
      .describe(
        "How dates and times are written, in Unicode's letters: yyyy yy MM MMM dd DDD HH hh a mm ss SSS XXX, other letters in '...'; yy is 1969 to 2068. Default: ISO 8601",
      )
      .meta({ examples: ['dd.MM.yyyy', 'yyyyDDD'] }),
    decimalSeparator: may(z.enum(['.', ',']))
      .default('.')
      .describe('What stands before the fraction of a number; default a point'),
    groupSeparator: may(z.enum(['', ',', '.', ' ', "'", '\u00a0', '\u202f']))
      .default('')
      .describe('What may stand between three digits of a number; default nothing'),
    trueTexts: texts.min(1).default(['true']).describe('Texts that mean true; default `true`'),
    falseTexts: texts.min(1).default(['false']).describe('Texts that mean false; default `false`'),
    nullTexts: texts.optional().describe('Texts that mean null in this column; default: those of the query'),
  })
  return z.strictObject({
    path: may(z.union([path, z.array(path).min(1).max(MAX_PATHS)]))
      .optional()
      .describe(
        'For a connection with a folder: one path or a list, below it. *, ?, [a-z], {a,b} and ** match several files, none of them hidden; those of one path come sorted by name, and all must have the same columns',
      )
      .meta({ examples: ['orders.csv', 'in/**/orders-*.csv.gz'] }),
    fetch: z
      .record(z.string(), z.json())
      .optional()
      .describe(
        'For a connection with another connection: what that one takes as its query to copy files, such as { path } for `files`, { key }, { prefix } or { glob } for `s3`',
      ),
    compression: may(z.enum(compressions))
      .optional()
      .describe('How the files are compressed; default: by their ending .gz, .zst or .zip'),
    entries: may(path)
      .optional()
      .describe(
        'Which files of zip archives to read: a name, or several by *, ? and **, sorted by name; default: the only one',
      )
      .meta({ examples: ['*.csv'] }),
    format: z
      .discriminatedUnion('type', [
        delimitedFormat(may),
        fixedWidthFormat(may),
        xmlFormat(may),
        xlsxFormat(may),
      ])
      .describe('How the files are written'),
    columns: z
      .array(column)
      .min(1)
      .max(MAX_COLUMNS)
      .optional()
      .describe(
        'Columns of the result, in order. Needed where the file does not name its columns itself; default: those that it names, as text',
      ),
    otherColumns: may(z.enum(['refuse', 'drop']))
      .default('refuse')
      .describe(
        'What happens to columns of the file that `columns` does not list: `refuse` fails the run, `drop` leaves them out. Default refuse: nothing is lost in silence',
      ),
    nullTexts: texts
      .default([''])
      .describe(
        'Texts that mean null; default: the empty text. What stands in quotes of a delimited file is null only in columns that are not text',
      ),
  })
}

/** What `query` is once its parameters are bound. */
const boundQuery = querySchema((schema) => schema)
export type Query = z.output<typeof boundQuery>
export type QueryColumn = NonNullable<Query['columns']>[number]

/** What a user writes: a parameter may stand for any single value. */
// A reference is no value of the schema: nobody parses with this one but to refuse what cannot be.
export const query = querySchema(((schema) => orParameter(schema)) as May)
  .describe('Records of files, row by row')
  .meta({
    examples: [
      {
        path: 'in/orders-*.csv.gz',
        format: { type: 'delimited', delimiter: ';', encoding: 'windows-1252' },
        columns: [
          { name: 'id', type: 'integer' },
          { name: 'day', type: 'date', pattern: 'dd.MM.yyyy' },
        ],
      },
    ],
  })

/** @throws `file-records-query-invalid`, and what the binding of parameters throws */
export function parseQuery(given: unknown, parameters: Readonly<Record<string, ParameterValue>>): Query {
  const parsed = boundQuery.safeParse(bindObjectParameters(given, parameters))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const path = ['query', ...(issue?.path ?? [])].map(String).join('.')
  throw failure('file-records-query-invalid', `The query is not valid: ${issue?.message ?? path}`, { path })
}
