import { z } from '@bulkhead/connector-sdk'
import { failure } from '../errors.ts'
import type { May } from '../may.ts'
import type { Query } from '../query.ts'
import { oneCharacter, textFields } from '../text/text-schema.ts'
import type { FixedWidthOptions, Span } from './fixed-width-file.ts'

/** The format `fixed-width` of a query. */
export function fixedWidthFormat(may: May) {
  return z.strictObject({
    type: z
      .literal('fixed-width')
      .describe('Values at fixed places of a record; `start` and `length` of `columns` say where'),
    ...textFields(may),
    recordLength: may(z.int().min(1).max(1_000_000))
      .optional()
      .describe('Characters of a record, without its line end; default: where the last column ends'),
    lineEnd: may(z.enum(['any', 'lf', 'crlf', 'cr', 'none']))
      .default('any')
      .describe(
        'What ends a record; `any` takes LF, CRLF and CR, `none`: records follow each other. Default any',
      ),
    skipLines: may(z.int().min(0).max(1_000_000))
      .default(0)
      .describe('Records in front of the first one, such as headings, to leave out; default 0'),
    skipEmptyLines: may(z.boolean())
      .default(true)
      .describe('Whether lines without anything are left out; default true'),
    pad: may(oneCharacter)
      .default(' ')
      .describe('What fills values up, and is taken off; empty: nothing. Default a blank'),
    trim: may(z.enum(['both', 'left', 'right']))
      .default('both')
      .describe('On which side of values `pad` is taken off; default both'),
    shortRows: may(z.enum(['error', 'fill']))
      .default('error')
      .describe(
        'Records that are too short: `error`, or `fill` with null what lacks as a whole. Default error',
      ),
    longRows: may(z.enum(['error', 'cut']))
      .default('error')
      .describe('Records that are too long: `error`, or `cut` the rest off. Default error'),
  })
}

/** @throws `file-records-query-invalid` for columns without a place, or outside the record */
export function fixedWidthOptions(
  format: z.output<ReturnType<typeof fixedWidthFormat>>,
  columns: Query['columns'],
): FixedWidthOptions {
  let next = 0
  const spans = (columns ?? []).map(({ start, length }, index): Span => {
    if (length === undefined) {
      throw invalid(`columns.${index}.length`, 'A column of fixed width has no length', 'Give its `length`')
    }
    const from = start === undefined ? next : start - 1
    next = from + length
    return { start: from, end: next }
  })
  if (spans.length === 0)
    throw invalid('columns', 'Records of fixed width do not name their columns', 'List them under `columns`')
  const last = Math.max(...spans.map(({ end }) => end))
  const { recordLength = last, pad } = format
  const outside = spans.findIndex(({ end }) => end > recordLength)
  if (outside >= 0)
    throw invalid(`columns.${outside}`, `The column ends behind the ${recordLength} characters of a record`)
  return { ...format, recordLength, spans, pad: pad === '' ? -1 : pad.charCodeAt(0) }
}

function invalid(field: string, message: string, fix?: string): Error {
  return failure('file-records-query-invalid', message, {
    path: `query.${field}`,
    ...(fix === undefined ? {} : { fix }),
  })
}
