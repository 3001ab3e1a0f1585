import { z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'
import { nextRun } from './output.ts'

/** Where reply events go, besides standard output. */

export const envOrText = z.union([
  z.string().max(2000),
  z.strictObject({
    env: z
      .string()
      .max(100)
      .meta({ description: 'Environment variable that the environment lists', ...nextRun }),
  }),
])

const messages = z
  .array(z.enum(['accepted', 'progress']))
  .default([])
  .meta({ description: 'What a server sends besides outcomes', ...nextRun })

export const replySchema = z.union([
  z.strictObject({
    kafka: z
      .strictObject({
        cluster: name.meta({ description: 'A Kafka cluster that the platform declares', ...nextRun }),
        topic: z
          .string()
          .max(249)
          .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]+$/, 'must be the name of a Kafka topic')
          .meta({ description: 'Topic of replies; the key is the request id', ...nextRun }),
      })
      .meta({ description: 'Sends each reply event to a topic', ...nextRun }),
    messages,
  }),
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
    messages,
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
    messages,
  }),
])

export type ReplyDestination = z.output<typeof replySchema>
