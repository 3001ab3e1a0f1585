import {
  bindObjectParameters,
  compileGlob,
  type Glob,
  orParameter,
  type ParameterValue,
  z,
} from '@bulkhead/connector-sdk'
import { s3Fault } from './errors.ts'
import { faultOfBeginning, keyBelow } from './object-name.ts'

/** Most keys of a list: each is looked at before the first byte is read. */
const MOST_KEYS = 1000

const text = z.string().max(1024)
const name = text.min(1)
const names = z.union([name, z.array(name).min(1).max(MOST_KEYS)])

/** What a user writes: each value, or a reference to a parameter that holds it. */
export const query = z
  .union([
    z.strictObject({
      key: orParameter(names).meta({
        description: 'Name of one object, or a list of names, in the order that is given; all must be there',
      }),
    }),
    z.strictObject({
      prefix: orParameter(text).meta({
        description: 'Beginning of the names; empty for all. At least one object must begin so',
      }),
    }),
    z.strictObject({
      glob: orParameter(name).meta({
        description:
          'Pattern of the names: `*` is any text within one part, `?` one character, `**/` any parts or none. At least one object must match',
      }),
    }),
  ])
  .meta({
    description:
      'Objects to copy as they are, named below the prefix of the connection, in the order of their names',
    examples: [{ key: '2026/orders.csv' }, { prefix: '2026/' }, { glob: '2026/**/orders-*.csv' }],
  })

/** What `query` is once its parameters are bound. */
const boundQuery = z.union([
  z.strictObject({ key: names }),
  z.strictObject({ prefix: text }),
  z.strictObject({ glob: name }),
])

/** What to read, with parameters bound; keys are those of the bucket. */
export type Selection =
  | { readonly kind: 'listed'; readonly keys: readonly string[] }
  | {
      readonly kind: 'searched'
      /** Every key begins so. */
      readonly beginning: string
      /** Over the name below the prefix; undefined: all of them. */
      readonly glob: Glob | undefined
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
  const bound = boundQuery.safeParse(bindObjectParameters(written, parameters))
  if (!bound.success) {
    throw s3Fault('s3-query-invalid', 'The query is not one of { key }, { prefix } and { glob } with text', {
      path: 'query',
    })
  }
  if ('key' in bound.data) {
    const listed = typeof bound.data.key === 'string' ? [bound.data.key] : bound.data.key
    return { kind: 'listed', keys: listed.map((key) => keyBelow(prefix, key, 'query.key')) }
  }
  if ('prefix' in bound.data) return searched(prefix, bound.data.prefix, undefined, 'query.prefix')
  const glob = compileGlob(bound.data.glob)
  return searched(prefix, glob.beginning, glob, 'query.glob')
}

function searched(prefix: string, beginning: string, glob: Glob | undefined, path: string): Selection {
  const fault = faultOfBeginning(beginning)
  if (fault === undefined) return { kind: 'searched', beginning: prefix + beginning, glob }
  throw s3Fault('s3-key-invalid', `The beginning ${JSON.stringify(beginning.slice(0, 100))} ${fault}`, {
    path,
  })
}
