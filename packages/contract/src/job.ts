import { z } from '@bulkhead/connector-sdk'
import { name, parameterName } from './names.ts'
import { deliverSchema, duration, nextRun, outputSchema, size } from './output.ts'
import { patternFault } from './pattern.ts'
import { prepareSchema } from './prepare.ts'

/** A job of a manifest: what a request can have run by its name. */

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
  secret: z
    .boolean()
    .default(false)
    .meta({
      description:
        'Whether its value stays out of plans, history, replies and logs. It is no place for passwords: requests bring credentials in a way of their own',
      ...nextRun,
    }),
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
  connection: name.meta({
    description: 'A connection of this application; `prepare` may choose another',
    ...nextRun,
  }),
  query: z
    .union([z.string().min(1), z.record(z.string(), z.unknown())])
    .optional()
    .meta({
      description:
        'In the form that the connector documents: SQL text with :name parameters, or an object with { "$param": name }. May be left to `prepare`',
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
  prepare: prepareSchema.optional().meta({
    description:
      'Code or an endpoint of the application that looks at the request before anything is opened, chooses among its connections, and returns query, parameters and file name, or refuses the request. It can do no more than the manifest allows. Default: the job is read as it stands',
    examples: ['./prepare.ts', { url: 'https://desk.internal/prepare', secret: { secret: 'desk' } }],
    ...nextRun,
  }),
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
  reuse: z
    .strictObject({
      within: duration.meta({
        description:
          'How old a result may be that another request gets: counted from when its run began to read',
        ...nextRun,
      }),
    })
    .optional()
    .meta({
      description:
        'Identical requests share one result on a server: the same parameters, output and delivery, asked by the same caller, of the same revision with the same connectors and settings. The first one runs; who asks while it runs waits for it, who asks later gets its file, by links of their own, as `reusedFrom` of the reply says. Never for requests with a query, credentials or secret parameters of their own, nor when the result was removed. A request asks for its own run by `fresh: true`. Not with `prepare`. Default: every request runs',
      examples: [{ within: 'PT15M' }],
      ...nextRun,
    }),
  guarantee: z
    .enum(['exactly-once-effect', 'at-least-once-with-dedupe-key', 'at-least-once'])
    .optional()
    .meta({ description: 'The least that must hold; a plan that cannot keep it is refused', ...nextRun }),
})

export type Job = z.output<typeof jobSchema>
export type ParameterDeclaration = z.output<typeof parameterSchema>
export type ProcessStep = z.output<typeof processStepSchema>
export type Guarantee = NonNullable<Job['guarantee']>
