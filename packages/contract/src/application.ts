import { z } from 'zod'
import { deliverSchema, duration, nextRun, outputSchema, size } from './output.ts'
import { patternFault } from './pattern.ts'

/** `application.yaml`: one application. Unknown fields are errors here, with a suggestion. */

export const apiVersion = 'bulkhead.dev/v1beta1'

/** DNS-1123, at most 40 characters; no `--`, so that names joined by a hyphen never meet. */
export const name = z
  .string()
  .max(40)
  .regex(/^(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be lower-case letters, digits and single hyphens')
/** Names of parameters and columns: they may stand in SQL and in file names. */
export const parameterName = z
  .string()
  .max(60)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and underscores')

/** Settings of a connector; `{ env: NAME }` and `{ secret: NAME }` may stand for a whole value. */
const connectorConfig = z.record(z.string(), z.unknown()).default({})
const connectorRef = z
  .string()
  .max(120)
  .regex(/^[a-z0-9][a-z0-9-]*(@[\^~]?\d+(\.\d+){0,2})?$/, 'must be NAME or NAME@^1')

export const connectionSchema = z.strictObject({
  connector: connectorRef.meta({
    description: 'Connector and versions that fit; the exact version is in application.lock.json',
    examples: ['postgres@^1'],
    ...nextRun,
  }),
  config: connectorConfig.meta({
    description: 'Settings of the connector; see `bulkhead connectors show NAME`',
    ...nextRun,
  }),
  limits: z
    .strictObject({
      connections: z
        .int()
        .min(1)
        .max(100)
        .default(4)
        .meta({ description: 'Connections open at once', ...nextRun }),
      queryTimeout: duration
        .default('PT30M')
        .meta({ description: 'Longest time of one query; the server ends it then', ...nextRun }),
      connectTimeout: duration
        .default('PT15S')
        .meta({ description: 'Longest time to reach the system', ...nextRun }),
    })
    .prefault({})
    .meta({ description: 'Limits of this connection', ...nextRun }),
})

export const storeSchema = z.strictObject({
  connector: connectorRef.meta({
    description: 'A connector that can hold result files',
    examples: ['s3@^1'],
    ...nextRun,
  }),
  config: connectorConfig.meta({ description: 'Settings of the connector', ...nextRun }),
  retention: duration.optional().meta({
    description:
      "How long results are wanted; stated in the reply. The bucket's own lifecycle rule removes them",
    ...nextRun,
  }),
})

export const parameterSchema = z.strictObject({
  type: z
    .enum(['string', 'integer', 'number', 'decimal', 'boolean', 'date', 'timestamp'])
    .meta({ description: 'Type of the value; decimals, dates and timestamps are given as text', ...nextRun }),
  list: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether it is a list of such values', ...nextRun }),
  description: z
    .string()
    .max(500)
    .optional()
    .meta({ description: 'What it means, for the people who ask', ...nextRun }),
  pattern: z
    .string()
    .max(500)
    .superRefine((pattern, issues) => {
      const reason = patternFault(pattern)
      if (reason !== undefined) issues.addIssue({ code: 'custom', message: reason })
    })
    .optional()
    .meta({
      description:
        'Regular expression that the whole text must match; the text may then have at most 1000 characters',
      ...nextRun,
    }),
  enum: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'The values that are allowed', ...nextRun }),
  minimum: z
    .union([z.number(), z.string()])
    .optional()
    .meta({ description: 'Smallest value', ...nextRun }),
  maximum: z
    .union([z.number(), z.string()])
    .optional()
    .meta({ description: 'Largest value', ...nextRun }),
  maxLength: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .meta({
      description: 'Most characters of a text (default 10000), most entries of a list (default 1000)',
      ...nextRun,
    }),
  nullable: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether null may be given', ...nextRun }),
  default: z
    .unknown()
    .optional()
    .meta({ description: 'Value when none is given; without it the parameter must be given', ...nextRun }),
})

const selectStep = z.strictObject({
  select: z
    .array(z.string().max(200))
    .min(1)
    .meta({ description: 'Columns to keep, in this order', ...nextRun }),
})
const mapStep = z.strictObject({
  map: z
    .string()
    .max(200)
    .meta({
      description:
        'A TypeScript file whose default export gets each row and returns a row, several, or null to leave it out',
      ...nextRun,
    }),
})
const validateStep = z.strictObject({
  validate: z
    .strictObject({
      schema: z
        .string()
        .max(200)
        .meta({ description: 'A JSON Schema file that every row must match', ...nextRun }),
      onInvalid: z
        .enum(['fail', 'skip'])
        .default('fail')
        .meta({
          description: 'Fail the run, or leave the row out and end `completed-with-errors`',
          ...nextRun,
        }),
    })
    .meta({ description: 'Checks every row against a JSON Schema', ...nextRun }),
})
export const processStepSchema = z.union([selectStep, mapStep, validateStep])

export const jobSourceSchema = z.strictObject({
  connection: name.meta({ description: 'A connection of this application', ...nextRun }),
  query: z
    .union([z.string().min(1), z.record(z.string(), z.unknown())])
    .optional()
    .meta({
      description:
        'In the form that the connector documents: SQL text with :name parameters, or an object with { "$param": name }',
      ...nextRun,
    }),
  queryFile: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'The file of this application that holds the query', ...nextRun }),
  consistency: z
    .enum(['snapshot', 'any'])
    .default('any')
    .meta({
      description: '`snapshot` refuses a source that cannot read one moment while others write',
      ...nextRun,
    }),
})

export const overridable = [
  'output.fileName',
  'output.format',
  'output.compression',
  'output.compressionLevel',
  'output.csv',
  'output.split',
  'output.encrypt',
  'deliver.urlExpiresIn',
  'deliver.store',
] as const

export const jobSchema = z.strictObject({
  description: z
    .string()
    .max(500)
    .optional()
    .meta({ description: 'What the job is for, for the people who ask', ...nextRun }),
  parameters: z
    .record(parameterName, parameterSchema)
    .default({})
    .meta({ description: 'What a request may or must give', ...nextRun }),
  source: jobSourceSchema.meta({ description: 'Where the data comes from', ...nextRun }),
  process: z
    .array(processStepSchema)
    .max(20)
    .default([])
    .meta({ description: 'What happens to each row, in this order', ...nextRun }),
  output: outputSchema.prefault({}).meta({ description: 'The file', ...nextRun }),
  deliver: deliverSchema.prefault({}).meta({ description: 'Where the file goes', ...nextRun }),
  requestMay: z
    .array(z.enum(overridable))
    .default(['output.fileName', 'deliver.urlExpiresIn'])
    .meta({ description: 'What a request may set instead', ...nextRun }),
  chunk: z
    .strictObject({
      rows: z
        .int()
        .min(1)
        .max(65_536)
        .default(10_000)
        .meta({ description: 'Most rows that move at once', 'x-effect': 'next-chunk' }),
      bytes: size.default('1MiB').meta({
        description: 'Most bytes that move at once; memory grows with it',
        'x-effect': 'next-chunk',
      }),
    })
    .prefault({})
    .meta({ description: 'How much moves at once', 'x-effect': 'next-chunk' }),
  retry: z
    .strictObject({
      attempts: z
        .int()
        .min(1)
        .max(20)
        .default(4)
        .meta({ description: 'Attempts in all when a fault is transient', ...nextRun }),
      within: duration
        .default('PT15M')
        .meta({ description: 'No new attempt begins after this time', ...nextRun }),
    })
    .prefault({})
    .meta({
      description:
        'What happens after a transient fault: the extract begins again, nothing of the failed attempt is left',
      ...nextRun,
    }),
  guarantee: z
    .enum(['exactly-once-effect', 'at-least-once-with-dedupe-key', 'at-least-once'])
    .optional()
    .meta({ description: 'The least that must hold; a plan that cannot keep it is refused', ...nextRun }),
})

export const limitsSchema = z.strictObject({
  rows: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Most rows of one result', ...nextRun }),
  bytes: size.optional().meta({ description: 'Most bytes of one result, as stored', ...nextRun }),
  time: duration.default('PT2H').meta({ description: 'Longest time of one run', ...nextRun }),
  temporary: size.default('10GiB').meta({ description: 'Most temporary disk space of one run', ...nextRun }),
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
        .array(z.string().max(260))
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

const envOrText = z.union([
  z.string().max(2000),
  z.strictObject({
    env: z
      .string()
      .max(100)
      .meta({ description: 'Environment variable that the environment lists', ...nextRun }),
  }),
])
export const replySchema = z.union([
  z.strictObject({
    file: z
      .strictObject({
        folder: z
          .string()
          .min(1)
          .max(1000)
          .meta({
            description: 'Folder, absolute or relative to the application; one file a reply, written whole',
            ...nextRun,
          }),
      })
      .meta({ description: 'Writes each reply event to a file', ...nextRun }),
  }),
  z.strictObject({
    webhook: z
      .strictObject({
        url: envOrText.meta({ description: 'Where to POST the reply event', ...nextRun }),
        secret: z
          .strictObject({
            secret: name.meta({ description: "Name below the application's own root", ...nextRun }),
          })
          .optional()
          .meta({ description: 'Secret of the signature (Standard Webhooks)', ...nextRun }),
      })
      .meta({ description: 'Posts each reply event, signed', ...nextRun }),
  }),
])

export const applicationSchema = z.strictObject({
  apiVersion: z.literal(apiVersion).meta({ description: 'Version of the manifest', ...nextRun }),
  kind: z.literal('Application').meta({ description: 'Always `Application`', ...nextRun }),
  metadata: z
    .strictObject({
      name: name.meta({
        description: 'Name of the application, unique on a platform',
        'x-effect': 'restart',
      }),
      labels: z
        .record(z.string().max(63), z.string().max(63))
        .default({})
        .meta({ description: 'Free marks, for people and filters; no effect', 'x-effect': 'live' }),
    })
    .meta({ description: 'Who it is', 'x-effect': 'restart' }),
  spec: z
    .strictObject({
      owner: z.string().max(200).meta({ description: 'Who is told when it fails', 'x-effect': 'live' }),
      description: z
        .string()
        .max(1000)
        .optional()
        .meta({ description: 'What it is for', 'x-effect': 'live' }),
      connections: z
        .record(name, connectionSchema)
        .default({})
        .meta({ description: 'Systems it reads', ...nextRun }),
      stores: z
        .record(name, storeSchema)
        .default({})
        .meta({ description: 'Where its files go', ...nextRun }),
      jobs: z
        .record(name, jobSchema)
        .default({})
        .meta({ description: 'What it can have run', ...nextRun }),
      replies: z
        .record(name, replySchema)
        .default({})
        .meta({ description: 'Where reply events go besides standard output', ...nextRun }),
      policy: policySchema.prefault({}).meta({ description: 'What it may do', ...nextRun }),
    })
    .meta({ description: 'What it is made of', ...nextRun }),
})

/** `environments/NAME.yaml`: what differs from place to place. Merged over the manifest's spec. */
export const environmentSchema = z.strictObject({
  apiVersion: z.literal(apiVersion).meta({ description: 'Version of the overlay', ...nextRun }),
  kind: z.literal('Environment').meta({ description: 'Always `Environment`', ...nextRun }),
  spec: z
    .strictObject({
      env: z
        .array(
          z
            .string()
            .max(100)
            .regex(
              /^(?!BULKHEAD_)[A-Za-z_][A-Za-z0-9_]*$/,
              'must be the name of an environment variable, not BULKHEAD_*',
            ),
        )
        .default([])
        .meta({ description: 'Environment variables that `{ env: NAME }` may read', ...nextRun }),
      connections: z
        .record(name, z.record(z.string(), z.unknown()))
        .default({})
        .meta({
          description: 'Merged over the connections of the manifest; null removes a field',
          ...nextRun,
        }),
      stores: z
        .record(name, z.record(z.string(), z.unknown()))
        .default({})
        .meta({ description: 'Merged over the stores of the manifest; null removes a field', ...nextRun }),
      policy: z
        .record(z.string(), z.unknown())
        .default({})
        .meta({ description: 'Merged over the policy of the manifest; null removes a field', ...nextRun }),
    })
    .meta({ description: 'What differs here', ...nextRun }),
})

export type ApplicationManifest = z.output<typeof applicationSchema>
export type Environment = z.output<typeof environmentSchema>
export type Connection = z.output<typeof connectionSchema>
export type StoreDeclaration = z.output<typeof storeSchema>
export type Job = z.output<typeof jobSchema>
export type ParameterDeclaration = z.output<typeof parameterSchema>
export type ProcessStep = z.output<typeof processStepSchema>
export type Policy = z.output<typeof policySchema>
export type ReplyDestination = z.output<typeof replySchema>
export type Guarantee = NonNullable<Job['guarantee']>
