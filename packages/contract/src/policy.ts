import { z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'
import { duration, nextRun, size } from './output.ts'

/** What an application may do: its own wish, below the ceilings of the platform. */

/** `*.internal:5432`, `10.0.0.0/8`, `[::1]:5432`, `fe80::/10`; a path is a socket of this machine. The runner reads it exactly. */
const hostPattern =
  /^(\/\S+|\[[\dA-Fa-f.]*:[\dA-Fa-f:.]*\](:\d{1,5})?|[\dA-Fa-f:.]*:[\dA-Fa-f:.]*:[\dA-Fa-f:.]*(\/\d{1,3})?|(\*|(\*\.)?[\w.-]+(\/\d{1,2})?)(:\d{1,5})?)$/

export const limitsSchema = z.strictObject({
  rows: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Most rows of one result', ...nextRun }),
  bytes: size.optional().meta({ description: 'Most bytes of one result, as stored', ...nextRun }),
  time: duration.default('PT2H').meta({ description: 'Longest time of one run', ...nextRun }),
  temporary: size.default('10GiB').meta({ description: 'Most temporary disk space of one run', ...nextRun }),
  concurrentRuns: z.int().min(1).max(1000).default(4).meta({
    description: 'Most runs of the application at once on a server; others wait',
    'x-effect': 'live',
  }),
  queued: z.int().min(1).max(1_000_000).default(1000).meta({
    description: 'Most runs that wait on a server; past it HTTP answers 429 and a topic is read no further',
    'x-effect': 'live',
  }),
  requestsPerSecond: z.number().min(0.1).max(100_000).optional().meta({
    description:
      'Most requests a second that a server takes for the application, whatever their trigger; more are answered 429 by HTTP and wait in topics and folders. Absent: as many as the platform allows',
    'x-effect': 'live',
  }),
  memory: size
    .default('1GiB')
    .meta({ description: 'Most memory of one runner process of the application on a server', ...nextRun }),
  urlExpiresIn: duration.default('P7D').meta({ description: 'Longest validity of a link', ...nextRun }),
})

export const policySchema = z.strictObject({
  adHoc: z
    .strictObject({
      queries: z
        .array(name)
        .default([])
        .meta({
          description: 'Declared connections on which a request may run a query of its own',
          ...nextRun,
        }),
      connectors: z
        .array(z.union([z.literal('*'), name]))
        .default([])
        .meta({
          description:
            'Connectors that a request may use with settings of its own; `*` stands for all that are installed',
          examples: [['opensearch'], ['*']],
          ...nextRun,
        }),
      plainCredentials: z
        .enum(['refuse', 'allow'])
        .default('refuse')
        .meta({ description: 'Whether a request may bring credentials in clear', ...nextRun }),
    })
    .prefault({})
    .meta({ description: 'What requests may ask that the application did not prepare', ...nextRun }),
  network: z
    .strictObject({
      allow: z
        .array(
          z
            .string()
            .max(260)
            .regex(hostPattern, 'must be a name, *.suffix, an address or a CIDR, with an optional :port'),
        )
        .optional()
        .meta({
          description:
            'Hosts that may be reached: name, *.suffix, address or CIDR, with an optional :port. Absent: all but loopback and metadata addresses',
          examples: [['*.internal:5432', '10.0.0.0/8']],
          ...nextRun,
        }),
    })
    .prefault({})
    .meta({ description: "What this application's runs may reach", ...nextRun }),
  limits: limitsSchema.prefault({}).meta({ description: 'What one run may use', ...nextRun }),
})

export type Policy = z.output<typeof policySchema>
