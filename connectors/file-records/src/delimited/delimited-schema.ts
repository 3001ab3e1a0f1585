import { z } from '@bulkhead/connector-sdk'
import { failure } from '../errors.ts'
import type { May } from '../may.ts'
import { oneCharacter, textFields } from '../text/text-schema.ts'
import type { DelimitedOptions } from './delimited-file.ts'

const noLineEnd = /^[^\r\n]*$/

/** The format `delimited` of a query. */
export function delimitedFormat(may: May) {
  return z.strictObject({
    type: z.literal('delimited').describe('Values between delimiters, a record a row: CSV and its relatives'),
    ...textFields(may),
    delimiter: may(z.string().min(1).max(16).regex(noLineEnd, 'must have no line end'))
      .default(',')
      .describe('What stands between values: one character or several; default a comma'),
    quote: may(oneCharacter)
      .default('"')
      .describe('What encloses values that hold a delimiter or a line end; empty: nothing does. Default "'),
    escape: may(oneCharacter)
      .optional()
      .describe(
        'What takes the next character as it is, inside quotes, or everywhere when `quote` is empty; default: the quote, which is doubled',
      ),
    comment: may(z.string().max(16).regex(noLineEnd, 'must have no line end'))
      .default('')
      .describe('What lines begin with that are no records; default: there are none'),
    header: may(z.boolean()).default(true).describe('Whether the first row names the columns; default true'),
    skipLines: may(z.int().min(0).max(1_000_000))
      .default(0)
      .describe('Lines in front of the header, or of the first record, to leave out; default 0'),
    skipEmptyLines: may(z.boolean())
      .default(true)
      .describe('Whether lines without anything are left out; else they are rows of one value. Default true'),
    lineEnd: may(z.enum(['any', 'lf', 'crlf', 'cr']))
      .default('any')
      .describe('What ends a row; `any` takes LF, CRLF and CR. Default any'),
    trailingDelimiter: may(z.boolean())
      .default(false)
      .describe('Whether a delimiter stands behind the last value too; default false'),
    trim: may(z.boolean())
      .default(false)
      .describe('Whether blanks and tabs around values do not count, those in quotes apart; default false'),
    shortRows: may(z.enum(['error', 'fill']))
      .default('error')
      .describe('Rows with too few values: `error`, or `fill` with null. Default error'),
    longRows: may(z.enum(['error', 'cut']))
      .default('error')
      .describe('Rows with too many values: `error`, or `cut` those off. Default error'),
  })
}

/** @throws `file-records-query-invalid` for options that contradict each other */
export function delimitedOptions(format: z.output<ReturnType<typeof delimitedFormat>>): DelimitedOptions {
  const { delimiter, quote, comment } = format
  const escape = format.escape ?? quote
  if (quote !== '' && delimiter.includes(quote))
    throw contradiction('delimiter', 'The delimiter holds the quote')
  if (escape !== '' && escape !== quote && delimiter.includes(escape))
    throw contradiction('escape', 'The delimiter holds the escape character')
  if (comment !== '' && comment === delimiter)
    throw contradiction('comment', 'Comments begin with the delimiter')
  return { ...format, escape }
}

function contradiction(field: string, message: string): Error {
  return failure('file-records-query-invalid', message, { path: `query.format.${field}` })
}
