import { z } from '@bulkhead/connector-sdk'
import type { May } from '../may.ts'

/** The format `xlsx` of a query. */
export function xlsxFormat(may: May) {
  return z.strictObject({
    type: z.literal('xlsx').describe('A sheet of a workbook of Excel 2007 and later, a record a row'),
    sheet: may(z.union([z.string().min(1).max(255), z.int().min(1).max(10_000)]))
      .optional()
      .describe('The sheet, by its name or by its number from 1; default: the only one'),
    header: may(z.boolean())
      .default(true)
      .describe('Whether the first row that is not empty names the columns; default true'),
    skipRows: may(z.int().min(0).max(1_048_576))
      .default(0)
      .describe('Rows of the sheet, from its top, to leave out; default 0'),
    errorCells: may(z.enum(['refuse', 'null', 'text']))
      .default('refuse')
      .describe(
        'What cells with an error such as #N/A become: `refuse` fails the run, `null`, or their `text`. Default refuse',
      ),
  })
}
