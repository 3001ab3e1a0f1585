import { z } from '@bulkhead/connector-sdk'
import { name, parameterName } from './names.ts'
import { duration, nextRun } from './output.ts'
import { parseDuration } from './quantities.ts'
import { envOrText } from './reply-destination.ts'

/** Preparing work of a job: what it declares, and what comes of it. */

/** It looks at a request and chooses a query; what takes longer is a job of its own. */
const longestMs = 5 * 60_000

const timeout = duration
  .refine((text) => isTimeout(text), 'must be from a millisecond to five minutes')
  .default('PT30S')
  .meta({
    description: 'How long it may take, tries included; the run fails then with `prepare-timeout`',
    ...nextRun,
  })

function isTimeout(text: string): boolean {
  try {
    const ms = parseDuration(text)
    return ms >= 1 && ms <= longestMs
  } catch {
    return true // what is no duration at all was said already
  }
}

const file = z
  .string()
  .max(200)
  .regex(/\.[cm]?[jt]s$/, 'must end with .ts or .js')
  .meta({
    description:
      'A TypeScript file whose default export gets the request and returns connection, query, parameters and file name, as far as they differ from what the job says. A run with it has a process of its own',
    ...nextRun,
  })

export const prepareSchema = z.union([
  file,
  z.strictObject({ file, timeout }),
  z.strictObject({
    url: envOrText
      .refine(
        (url) => typeof url !== 'string' || isAddress(url),
        'must be http:// or https://, without user or password',
      )
      .meta({
        description:
          'An HTTP endpoint of your own, which gets the request by POST as JSON and answers as the file would return. `policy.network` holds for it',
        ...nextRun,
      }),
    secret: z
      .strictObject({
        secret: name.meta({ description: "Name below the application's own root", ...nextRun }),
      })
      .optional()
      .meta({
        description: 'Secret of the signature (Standard Webhooks); without it nothing is signed',
        ...nextRun,
      }),
    timeout,
  }),
])
export type Prepare = z.output<typeof prepareSchema>

function isAddress(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username === '' &&
    url.password === ''
  )
}

/** What preparing work may return; `Prepared` of the SDK for authors. Whether names are known is seen when it is planned. */
export const preparedSchema = z.strictObject({
  connection: name.optional(),
  query: z.union([z.string().min(1), z.record(z.string(), z.unknown())]).optional(),
  parameters: z.record(parameterName, z.unknown()).optional(),
  fileName: z.string().min(1).max(255).optional(),
  secret: z.array(parameterName).max(200).optional(),
})
export type PreparedResult = z.output<typeof preparedSchema>

export const prepareRefusalSchema = z.strictObject({ refuse: z.string().min(1).max(500) })

/** What the history of a run keeps of its preparation; values of secret parameters are not in it. */
export const preparationSchema = z.object({
  by: z.string().meta({ description: 'The file or the endpoint that prepared the run' }),
  connection: z.string().meta({ description: 'The connection that is read' }),
  parameters: z
    .record(z.string(), z.unknown())
    .meta({ description: 'Parameters of the query; `[secret]` in place of one that is marked so' }),
  fileName: z.string().optional().meta({ description: 'The name that it gave to the file' }),
})
export type Preparation = z.output<typeof preparationSchema>
