import { bindObjectParameters, type ParameterValue, type Value } from '@bulkhead/connector-sdk'
import { mongodbError } from '../errors.ts'

/**
 * A parameter at its place in a query that is not yet BSON. It is an object of this class, which no
 * text of a request can be, until the place is known: only that says how the value stays a value.
 */
export class BoundParameter {
  readonly name: string
  readonly value: ParameterValue

  constructor(name: string, value: ParameterValue) {
    this.name = name
    this.value = value
  }
}

/**
 * Puts the parameters into the query, each as a `BoundParameter`.
 * @throws BulkheadError `parameter-missing`, `parameter-unknown`, `query-invalid` as the SDK has them;
 *   `mongodb-parameter-invalid` for a value that is no scalar and no list of scalars, or text that is no Unicode
 */
export function bindParameters(
  query: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
): unknown {
  const marked = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      checkValue(name, value)
      return [name, new BoundParameter(name, value)]
    }),
  )
  // The binder passes values on without looking into them.
  return bindObjectParameters(query, marked as unknown as Readonly<Record<string, ParameterValue>>)
}

/** The engine lets nothing else through; an object here could become an operator, so it is looked at again. */
function checkValue(name: string, value: ParameterValue): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  for (const item of values) {
    if (!isScalar(item)) throw unfit(name, 'is neither a value nor a list of values')
    // On the wire another character would stand in its place.
    if (typeof item === 'string' && !item.isWellFormed()) throw unfit(name, 'holds half of a character')
  }
}

function isScalar(value: unknown): value is Value {
  return value === null || typeof value !== 'object' || value instanceof Uint8Array
}

export function unfit(name: string, reason: string): Error {
  return mongodbError('mongodb-parameter-invalid', `The parameter ${name} ${reason}`, {
    path: `parameters.${name}`,
  })
}
