import { defaultCsv } from '@bulkhead/connector-sdk'
import { z } from 'zod'
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

export const csvSchema = z.strictObject({
  delimiter: z
    .string()
    .length(1)
    .regex(/^[^"\r\n]$/, 'must not be a quote or a line break')
    .default(defaultCsv.delimiter)
    .meta({
      description: 'One character between values; `;` suits spreadsheets in countries with a decimal comma',
      ...nextRun,
    }),
  header: z
    .boolean()
    .default(defaultCsv.header)
    .meta({ description: 'Whether the first line holds the names of the columns', ...nextRun }),
  nullText: z
    .string()
    .max(40)
    .default(defaultCsv.nullText)
    .meta({
      description: 'What stands for null; a text with the same letters is then written in quotes',
      ...nextRun,
    }),
  quote: z
    .enum(['minimal', 'all'])
    .default(defaultCsv.quote)
    .meta({
      description: 'Quotes only where they are needed, or around every value that is not null',
      ...nextRun,
    }),
  lineEnding: z
    .enum(['lf', 'crlf'])
    .default(defaultCsv.lineEnding)
    .meta({ description: 'How a line ends; `crlf` leaves the fastest way', ...nextRun }),
  encoding: z
    .string()
    .max(40)
    .default(defaultCsv.encoding)
    .meta({
      description: 'Character set; a character that it lacks fails the run',
      examples: ['utf-8', 'windows-1252', 'utf-16le'],
      ...nextRun,
    }),
  formulaGuard: z
    .boolean()
    .default(defaultCsv.formulaGuard)
    .meta({
      description:
        'Puts an apostrophe before text that a spreadsheet would run as a formula (it begins with = + - @, tab or carriage return); changes the data',
      ...nextRun,
    }),
})

export const outputSchema = z.strictObject({
  format: z
    .enum(['csv', 'jsonl', 'parquet', 'binary'])
    .default('csv')
    .meta({ description: 'Format of the file; `binary` copies a file as it is', ...nextRun }),
  compression: z
    .enum(['none', 'gzip', 'zstd'])
    .default('none')
    .meta({
      description:
        'Compression of the whole file; inside the file for Parquet, where it is zstd unless `none` is asked for. zstd costs least',
      ...nextRun,
    }),
  compressionLevel: z
    .int()
    .min(1)
    .max(19)
    .optional()
    .meta({ description: 'Level of the compression, 1 the fastest (default 1; gzip ends at 9)', ...nextRun }),
  fileName: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({
      description:
        'Name of the file; `{name}` stands for a parameter of that name. Default: the job, with the endings of format and compression',
      examples: ['invoices-{month}.csv.zst'],
      ...nextRun,
    }),
  csv: csvSchema
    .optional()
    .meta({ description: 'How CSV is written; the defaults are those of PostgreSQL', ...nextRun }),
  split: z
    .strictObject({
      rows: z
        .int()
        .min(1)
        .optional()
        .meta({ description: 'A new file begins after so many rows', ...nextRun }),
      bytes: size
        .optional()
        .meta({
          description: 'A new file begins when this size, before compression, is reached',
          ...nextRun,
        }),
    })
    .optional()
    .meta({
      description: 'Several files instead of one, with a manifest object that lists them',
      ...nextRun,
    }),
  encrypt: z
    .strictObject({
      age: z
        .array(z.string().max(200))
        .min(1)
        .max(20)
        .meta({
          description: 'Public keys (age1...) that can open the file; nobody else can, the platform included',
          ...nextRun,
        }),
    })
    .optional()
    .meta({ description: 'End-to-end encryption of the file', ...nextRun }),
})

export const deliverSchema = z.strictObject({
  store: z
    .string()
    .max(40)
    .optional()
    .meta({
      description: 'The store that gets the file; needed when the application has more than one',
      ...nextRun,
    }),
  urlExpiresIn: duration
    .optional()
    .meta({
      description:
        'How long the link is valid (default PT24H); at most what `policy.limits.urlExpiresIn` allows',
      ...nextRun,
    }),
})

export type Output = z.output<typeof outputSchema>
export type Deliver = z.output<typeof deliverSchema>
