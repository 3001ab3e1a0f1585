import { z } from '@bulkhead/connector-sdk'

/** How to get from one page to the next, as a query says it. */

const name = z.string().min(1).max(200)
const pointer = z
  .string()
  .max(1000)
  .regex(/^(\/([^~]|~[01])*)?$/, 'must be a JSON Pointer such as /meta/next')

const common = {
  maxPages: z.int().min(1).max(10_000_000).default(100_000).meta({
    description: 'More pages than this are an error, not an end; default 100000',
  }),
}
const hasMore = pointer.optional().meta({
  description:
    'Where the answer says true or false about further pages: false is the end, true without a way on is an error',
  examples: ['/has_more'],
})
const bodyField = pointer
  .min(1)
  .optional()
  .meta({
    description: 'Instead of `parameter`: field of the body of a POST that takes it',
    examples: ['/page'],
  })
const size = z.int().min(1).max(1_000_000)
const repeats = z.enum(['refuse', 'allow']).default('refuse').meta({
  description:
    'What a page means that has exactly the records of the page before: `refuse` takes it for a server that ignores the paging, which would never end. Default `refuse`',
})
const end = z.enum(['empty', 'short']).default('empty').meta({
  description:
    'What tells the last page: `empty` goes on until a page has no records, which is always right; `short` also ends at a page with fewer records than `size`, which saves a request, and loses records where the server gives fewer than were asked for. Default `empty`',
})

export const paging = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('none').meta({ description: 'One page is all that is wanted' }),
  }),
  z.strictObject({
    by: z
      .literal('link')
      .meta({ description: 'The `Link` header names the next page: `<…>; rel="next"` (RFC 8288)' }),
    ...common,
  }),
  z.strictObject({
    by: z.literal('url').meta({
      description: 'The answer holds the address of the next page; missing, null or empty is the end',
    }),
    at: pointer.meta({ description: 'Where it stands', examples: ['/links/next', '/@odata.nextLink'] }),
    hasMore,
    ...common,
  }),
  z.strictObject({
    by: z.literal('cursor').meta({
      description: 'A value of the answer goes into the next request; missing, null or empty is the end',
    }),
    at: pointer
      .optional()
      .meta({ description: 'Where the value stands in the answer', examples: ['/meta/next_cursor'] }),
    lastRecord: pointer.optional().meta({
      description: 'Instead of `at`: where it stands in the last record; a page without records is the end',
      examples: ['/id'],
    }),
    parameter: name
      .optional()
      .meta({ description: 'Query parameter that takes it', examples: ['cursor', 'starting_after'] }),
    bodyField,
    hasMore,
    ...common,
  }),
  z.strictObject({
    by: z.literal('offset').meta({ description: 'The number of records so far goes into the next request' }),
    parameter: name
      .default('offset')
      .meta({ description: 'Query parameter that takes it; default `offset`' }),
    start: z.int().min(0).default(0).meta({ description: 'Offset of the first record; default 0' }),
    bodyField,
    sizeParameter: name
      .optional()
      .meta({ description: 'Query parameter that takes `size`', examples: ['limit'] }),
    size: size.optional().meta({ description: 'Records of a page to ask for' }),
    end,
    hasMore,
    total: pointer
      .optional()
      .meta({ description: 'Where the answer says how many records there are in all', examples: ['/total'] }),
    repeats,
    ...common,
  }),
  z.strictObject({
    by: z.literal('page').meta({ description: 'The number of the page goes into the next request' }),
    parameter: name.default('page').meta({ description: 'Query parameter that takes it; default `page`' }),
    start: z.int().min(0).default(1).meta({ description: 'Number of the first page; default 1' }),
    bodyField,
    sizeParameter: name
      .optional()
      .meta({ description: 'Query parameter that takes `size`', examples: ['per_page'] }),
    size: size.optional().meta({ description: 'Records of a page to ask for' }),
    end,
    endStatus: z
      .int()
      .min(400)
      .max(499)
      .optional()
      .meta({
        description: 'Status with which the server answers behind the last page, where that is no empty page',
        examples: [404],
      }),
    hasMore,
    repeats,
    ...common,
  }),
])

export type Paging = z.output<typeof paging>
