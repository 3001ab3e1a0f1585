import { z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'
import { nextRun } from './output.ts'

/** Flags of an application: what it rolls out step by step. */

const flagSchema = z.union([
  z.boolean().meta({ description: 'The same for every request', ...nextRun }),
  z
    .string()
    .max(200)
    .meta({ description: 'The same for every request, such as the name of a variant', ...nextRun }),
  z.number().meta({ description: 'The same for every request', ...nextRun }),
  z.strictObject({
    percent: z
      .number()
      .min(0)
      .max(100)
      .meta({
        description:
          'Share of requests for which it is true, chosen by application, flag and request id: a request that comes again gets the same answer, and one that has it keeps it while the share grows',
        ...nextRun,
      }),
  }),
])

const most = 100

export const flagsSchema = z
  .record(name, flagSchema)
  .refine((flags) => Object.keys(flags).length <= most, `must have at most ${most} entries`)

export type Flag = z.output<typeof flagSchema>
