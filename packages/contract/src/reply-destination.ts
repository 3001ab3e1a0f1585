import { z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'
import { nextRun } from './output.ts'

/** Where reply events go, besides standard output. */

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

export type ReplyDestination = z.output<typeof replySchema>
