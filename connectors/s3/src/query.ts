import { bindObjectParameters, orParameter, type ParameterValue, z } from '@bulkhead/connector-sdk'
import { s3Fault } from './errors.ts'
import { compileGlob, type Glob } from './glob.ts'
import { faultOfBeginning, keyBelow } from './object-name.ts'

const text = z.string().max(1024)

/** Which objects are read. Names are below the connection's prefix. */
export const query = z.union([
  z
    .strictObject({
      key: orParameter(text.min(1)).meta({
        description: 'Name of the object',
        examples: ['2026/orders.csv'],
      }),
    })
    .meta({ description: 'One object' }),
  z
    .strictObject({
      prefix: orParameter(text).meta({
        description: 'Beginning of the names; empty for all below the prefix of the connection',
        examples: ['2026/'],
      }),
    })
    .meta({ description: 'All objects whose names begin so, in the order of their names' }),
  z
    .strictObject({
      glob: orParameter(text.min(1)).meta({
        description:
          'Pattern of the names: `*` is any text within one part, `?` one character, `**/` any parts or none',
        examples: ['2026/**/orders-*.csv'],
      }),
    })
    .meta({ description: 'All objects whose names match the pattern, in the order of their names' }),
])

/** What to read, with parameters bound and keys of the bucket. */
export type Selection =
  | { readonly kind: 'one'; readonly key: string; readonly file: string }
  | {
      readonly kind: 'many'
      /** Every key begins so. */
      readonly beginning: string
      /** Undefined: all of them. */
      readonly glob: Glob | undefined
      /** Length of what is cut from a key to get the name of the file. */
      readonly folderLength: number
    }

/**
 * Binds the parameters and checks the query.
 * @throws BulkheadError kind `config`, `path` beginning with `query`
 */
export function selectionOf(
  prefix: string,
  written: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
): Selection {
  const bound = z
    .union([
      z.strictObject({ key: text.min(1) }),
      z.strictObject({ prefix: text }),
      z.strictObject({ glob: text.min(1) }),
    ])
    .safeParse(bindObjectParameters(written, parameters))
  if (!bound.success) {
    throw s3Fault(
      's3-query-invalid',
      'The query is not one of { key }, { prefix } and { glob } with a text',
      {
        path: 'query',
      },
    )
  }
  if ('key' in bound.data) {
    const key = keyBelow(prefix, bound.data.key, 'query.key')
    return { kind: 'one', key, file: bound.data.key.slice(bound.data.key.lastIndexOf('/') + 1) }
  }
  if ('prefix' in bound.data) return manyBelow(prefix, bound.data.prefix, undefined, 'query.prefix')
  try {
    const glob = compileGlob(bound.data.glob)
    return manyBelow(prefix, glob.beginning, glob, 'query.glob')
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw s3Fault('s3-query-invalid', error.message, { path: 'query.glob' })
  }
}

function manyBelow(prefix: string, beginning: string, glob: Glob | undefined, path: string): Selection {
  const fault = faultOfBeginning(beginning)
  if (fault !== undefined) {
    throw s3Fault('s3-key-invalid', `The beginning ${JSON.stringify(beginning.slice(0, 100))} ${fault}`, {
      path,
    })
  }
  return {
    kind: 'many',
    beginning: prefix + beginning,
    glob,
    folderLength: prefix.length + beginning.lastIndexOf('/') + 1,
  }
}
