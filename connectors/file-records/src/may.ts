import type { z } from '@bulkhead/connector-sdk'

/**
 * What a schema lets stand for a single value of the query: the value alone once parameters are bound, a reference
 * to a parameter too in what users write. One definition makes both schemas.
 */
export type May = <T extends z.ZodType>(schema: T) => T
