import { z } from '@bulkhead/connector-sdk'
import { name, parameterName } from './names.ts'
import { duration, nextRun } from './output.ts'

/**
 * What starts runs of an application, besides HTTP, which is there for every application of a server.
 * A stand-alone run takes none of it into account.
 */

/** @see https://kafka.apache.org/documentation/#topicconfigs */
const topic = z
  .string()
  .max(249)
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]+$/, 'must be the name of a Kafka topic')

const restart = { 'x-effect': 'restart' } as const

export const kafkaTriggerSchema = z.strictObject({
  cluster: name.meta({ description: 'A Kafka cluster that the platform declares', ...restart }),
  topic: topic.meta({ description: 'Topic of requests, of this application alone', ...restart }),
  group: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Consumer group; default `bulkhead.<application>.<trigger>`', ...restart }),
  deadLetterTopic: topic.optional().meta({
    description: 'Where messages go that are no requests; default `<topic>.dead-letters`',
    ...restart,
  }),
})

export const folderTriggerSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(1000)
    .meta({
      description:
        'Folder, absolute or relative to the application, in which each file `*.json` is a request; taken when it no longer grows',
      ...restart,
    }),
  settle: duration
    .default('PT2S')
    .meta({ description: 'How long a file must stay as it is before it is taken', ...restart }),
})

/** A parameter that says of which time a scheduled run is. */
export const fromScheduleSchema = z.strictObject({
  fromSchedule: z
    .strictObject({
      minus: z
        .string()
        .max(40)
        .regex(
          /^P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$/,
          'must be an ISO 8601 duration',
        )
        .optional()
        .meta({
          description: 'ISO 8601 duration before the scheduled time; months are calendar months',
          ...nextRun,
        }),
      format: z
        .string()
        .max(60)
        .default("yyyy-MM-dd'T'HH:mm:ssXXX")
        .meta({
          description: 'Pattern of the text: yyyy, MM, dd, HH, mm, ss, XXX, text in quotes',
          ...nextRun,
        }),
    })
    .meta({ description: 'A text made of the scheduled time', ...nextRun }),
})

export const cronTriggerSchema = z.strictObject({
  schedule: z
    .string()
    .max(120)
    .meta({
      description: 'Five fields (minute, hour, day, month, weekday), or six with seconds in front',
      ...restart,
    }),
  timeZone: z
    .string()
    .max(60)
    .default('UTC')
    .meta({ description: 'IANA name of a time zone', ...restart }),
  overlap: z
    .enum(['skip', 'queue', 'allow'])
    .default('skip')
    .meta({
      description:
        'What happens when the run before is not over: leave this time out, wait for it, or run beside it',
      ...restart,
    }),
  catchUp: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .meta({
      description: 'Most missed times that are made good after an outage, the latest ones',
      ...restart,
    }),
})

export const triggerSchema = z.union([
  z.strictObject({
    kafka: kafkaTriggerSchema.meta({ description: 'Requests on a Kafka topic', ...restart }),
  }),
  z.strictObject({
    folder: folderTriggerSchema.meta({ description: 'Requests as files in a folder', ...restart }),
  }),
  z.strictObject({
    cron: cronTriggerSchema.meta({ description: 'Runs of a job at set times', ...restart }),
    job: name.meta({ description: 'The job that is run', ...restart }),
    parameters: z
      .record(parameterName, z.union([fromScheduleSchema, z.unknown()]))
      .default({})
      .meta({
        description: 'Its parameters; `{ fromSchedule }` becomes a text of the scheduled time',
        ...nextRun,
      }),
  }),
])

export type Trigger = z.output<typeof triggerSchema>
export type KafkaTrigger = z.output<typeof kafkaTriggerSchema>
export type FolderTrigger = z.output<typeof folderTriggerSchema>
export type CronTrigger = z.output<typeof cronTriggerSchema>
export type FromSchedule = z.output<typeof fromScheduleSchema>
