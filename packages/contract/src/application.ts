import { z } from '@bulkhead/connector-sdk'
import { connectionSchema, storeSchema } from './connection.ts'
import { flagsSchema } from './flags.ts'
import { jobSchema } from './job.ts'
import { name } from './names.ts'
import { nextRun } from './output.ts'
import { policySchema } from './policy.ts'
import { replySchema } from './reply-destination.ts'
import { triggerSchema } from './trigger.ts'

/** `application.yaml`: one application. Unknown fields are errors here, with a suggestion. */

export const apiVersion = 'bulkhead.dev/v1beta1'

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
      triggers: z
        .record(name, triggerSchema)
        .default({})
        .meta({ description: 'What starts runs on a server, besides HTTP', 'x-effect': 'restart' }),
      isolation: z
        .enum(['application', 'run'])
        .default('application')
        .meta({
          description:
            'Who shares a process on a server: the small runs of the application, or none. A run with credentials or code of its own is always alone',
          ...nextRun,
        }),
      replies: z
        .record(name, replySchema)
        .default({})
        .meta({ description: 'Where reply events go besides standard output', ...nextRun }),
      flags: flagsSchema.default({}).meta({
        description:
          "What is rolled out step by step: a value, or a share of requests. The application's code reads them; plan and reply show how they stand. Part of the digest, and an environment may set them",
        examples: [{ 'new-tariff': { percent: 10 }, variant: 'b' }],
        ...nextRun,
      }),
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
      flags: flagsSchema
        .default({})
        .meta({ description: 'In place of the flags of the same name in the manifest', ...nextRun }),
      policy: z
        .record(z.string(), z.unknown())
        .default({})
        .meta({ description: 'Merged over the policy of the manifest; null removes a field', ...nextRun }),
    })
    .meta({ description: 'What differs here', ...nextRun }),
})

export type ApplicationManifest = z.output<typeof applicationSchema>
export type Environment = z.output<typeof environmentSchema>
