import { z } from '@bulkhead/connector-sdk'
import { declaredEncoding, encodings } from '../text/encodings.ts'
import { textFields } from '../text/text-schema.ts'
import type { May } from '../may.ts'

/** A name of XML as written, or `*`. */
const name = '[^/@\\s<>&"\'=]+'
const recordPattern = new RegExp(`^/?${name}(/${name})*$`)

/** What `from` of a column looks like: `customer/name`, `@id`, `customer/@id`, `.`. */
export const valuePathPattern = new RegExp(`^(\\.|@${name}|${name}(/${name})*(/@${name})?)$`)

/** The format `xml` of a query. */
export function xmlFormat(may: May) {
  return z.strictObject({
    type: z
      .literal('xml')
      .describe('Elements of XML, a record each; `from` of `columns` says where values stand in them'),
    ...textFields(may),
    encoding: may(z.enum([declaredEncoding, ...encodings]))
      .default(declaredEncoding)
      .describe(
        'Encoding of the files; `declared`: by byte order mark, else by the XML declaration, else utf-8. Default declared',
      ),
    record: may(z.string().max(1000).regex(recordPattern, 'must be a path of elements such as /orders/order'))
      .describe(
        'Path of the elements that are records, from the root element; `*` is any element. Names without a colon are compared without their prefix',
      )
      .meta({ examples: ['/orders/order'] }),
  })
}
