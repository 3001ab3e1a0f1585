import { defaultCsv, outputFormats, z } from '@bulkhead/connector-sdk'
import { parseDuration, parseSize } from './quantities.ts'

/** What job and request say about the result file: the same words, one definition. */

/** A field with its description and the moment at which a change takes effect. */
export const nextRun = { 'x-effect': 'next-run' } as const

function readable(parse: (text: string) => number): (text: string, context: z.RefinementCtx) => void {
  return (text, context) => {
    try {
      parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
    }
  }
}

/** ISO 8601 text; read it with `parseDuration`. */
export const duration = z
  .string()
  .max(40)
  .superRefine(readable(parseDuration))
  .meta({ format: 'duration', examples: ['PT30M', 'P7D'] })
/** A number with unit; read it with `parseSize`. */
export const size = z
  .string()
  .max(40)
  .superRefine(readable(parseSize))
  .meta({ examples: ['512MiB', '20GiB'] })

const csvFields = {
  delimiter: z
    .string()
    .length(1)
    // oxlint-disable-next-line no-control-regex -- NUL is what is refused
    .regex(/^[^"\r\n\x00\uD800-\uDFFF]$/u, 'must not be a quote, a line break, NUL or half a character')
    .meta({
      description: 'One character between values; `;` suits spreadsheets in countries with a decimal comma',
      default: defaultCsv.delimiter,
      ...nextRun,
    }),
  header: z.boolean().meta({
    description: 'Whether the first line holds the names of the columns',
    default: defaultCsv.header,
    ...nextRun,
  }),
  nullText: z
    .string()
    .max(40)
    // oxlint-disable-next-line no-control-regex -- NUL is what is refused
    .regex(/^[^"\r\n\x00\uD800-\uDFFF]*$/u, 'must not hold a quote, a line break, NUL or half a character')
    .meta({
      description: 'What stands for null; a text with the same letters is then written in quotes',
      default: defaultCsv.nullText,
      ...nextRun,
    }),
  quote: z.enum(['minimal', 'all']).meta({
    description: 'Quotes only where they are needed, or around every value that is not null',
    default: defaultCsv.quote,
    ...nextRun,
  }),
  lineEnding: z.enum(['lf', 'crlf']).meta({
    description: 'How a line ends; `crlf` leaves the fastest way',
    default: defaultCsv.lineEnding,
    ...nextRun,
  }),
  encoding: z
    .string()
    .max(40)
    .regex(/^[A-Za-z0-9._:-]+$/, 'must be letters, digits, dots, colons, hyphens and underscores')
    .meta({
      description: 'Character set; a character that it lacks fails the run',
      examples: ['utf-8', 'windows-1252', 'utf-16le'],
      default: defaultCsv.encoding,
      ...nextRun,
    }),
  formulaGuard: z.boolean().meta({
    description:
      'Puts an apostrophe before text that a spreadsheet would run as a formula (it begins with = + - @, tab or carriage return); changes the data',
    default: defaultCsv.formulaGuard,
    ...nextRun,
  }),
}

const splitFields = {
  rows: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'A new file begins after so many rows', ...nextRun }),
  bytes: size
    .optional()
    .meta({ description: 'A new file begins when this size, before compression, is reached', ...nextRun }),
}

const encryptFields = {
  age: z
    .array(z.string().max(200))
    .min(1)
    .max(20)
    .meta({
      description: 'Public keys (age1...) that can open the file; nobody else can, the platform included',
      ...nextRun,
    }),
}

const outputFields = {
  format: z.enum(outputFormats).meta({
    description: 'Format of the file; `xlsx` is Excel, `binary` copies a file as it is',
    ...nextRun,
  }),
  compression: z.enum(['none', 'gzip', 'zstd']).meta({
    description:
      'Compression of the whole file (default none; zstd costs least). Inside the file for parquet (default zstd), for avro (default gzip, which is its codec deflate) and for xlsx (default gzip, which is the deflate of ZIP; zstd is refused)',
    ...nextRun,
  }),
  compressionLevel: z
    .int()
    .min(1)
    .max(19)
    .meta({ description: 'Level of the compression, 1 the fastest (default 1; gzip ends at 9)', ...nextRun }),
  fileName: z
    .string()
    .min(1)
    .max(255)
    .meta({
      description:
        'Name of the file; `{name}` stands for a parameter of that name. Default: the job, with the endings of format and compression',
      examples: ['invoices-{month}.csv.zst'],
      ...nextRun,
    }),
}

const described = {
  csv: { description: 'How CSV is written; the defaults are those of PostgreSQL', ...nextRun },
  split: { description: 'Several files instead of one, with a manifest object that lists them', ...nextRun },
  encrypt: { description: 'End-to-end encryption of the file', ...nextRun },
} as const

/** What a job says: unknown fields are refused. Fields without value stay open: `plan` fills them. */
export const outputSchema = z.strictObject({
  format: outputFields.format.optional(),
  compression: outputFields.compression.optional(),
  compressionLevel: outputFields.compressionLevel.optional(),
  fileName: outputFields.fileName.optional(),
  csv: z.strictObject(csvFields).partial().optional().meta(described.csv),
  split: z.strictObject(splitFields).optional().meta(described.split),
  encrypt: z.strictObject(encryptFields).optional().meta(described.encrypt),
})

/** What a request wants otherwise: no defaults, and unknown fields are tolerated. */
export const requestOutputSchema = z
  .object({
    ...outputFields,
    csv: z.object(csvFields).partial().meta(described.csv),
    split: z.object(splitFields).meta(described.split),
    encrypt: z.object(encryptFields).meta(described.encrypt),
  })
  .partial()

const deliverFields = {
  store: z
    .string()
    .max(40)
    .optional()
    .meta({
      description: 'The store that gets the file; needed when the application has more than one',
      ...nextRun,
    }),
  urlExpiresIn: duration.optional().meta({
    description:
      'How long the link is valid (default PT24H); at most what `policy.limits.urlExpiresIn` allows',
    ...nextRun,
  }),
}
export const deliverSchema = z.strictObject(deliverFields)
export const requestDeliverSchema = z.object(deliverFields)

export type Output = z.output<typeof outputSchema>
export type Deliver = z.output<typeof deliverSchema>
