import type { Extract } from '@bulkhead/connector-sdk'

/** The extract; what its reading throws is what `change` makes of it, which may also only take note of it. */
export function withReadErrors(extract: Extract, change: (error: unknown) => unknown): Extract {
  return {
    fields: extract.fields,
    consistency: extract.consistency,
    rows: extract.rows,
    async *read(signal) {
      try {
        yield* extract.read(signal)
      } catch (error) {
        throw change(error)
      }
    },
    [Symbol.asyncDispose]: () => extract[Symbol.asyncDispose](),
  }
}
