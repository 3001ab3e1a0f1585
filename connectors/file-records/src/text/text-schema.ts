import { z } from '@bulkhead/connector-sdk'
import type { May } from '../may.ts'
import { encodings } from './encodings.ts'

/** Fields of formats that are text. */
export function textFields(may: May) {
  return {
    encoding: may(z.enum(encodings))
      .default('utf-8')
      .describe(
        'Encoding of the files; a byte order mark of Unicode is left out. `utf-16` needs one. cp037, cp273, cp500 and cp1140 are EBCDIC. Default utf-8',
      ),
    invalidBytes: may(z.enum(['error', 'replace']))
      .default('error')
      .describe(
        'What happens to bytes that mean nothing in the encoding: `error` fails the run with their position, `replace` puts U+FFFD in their place. Default error',
      ),
  }
}

/** A single character of ASCII, or none. */
export const oneCharacter = z
  .string()
  .max(1)
  // oxlint-disable-next-line no-control-regex
  .regex(/^[\u0001-\u0009\u000b\u000c\u000e-\u007f]?$/, 'must be one character of ASCII, and no line end')
