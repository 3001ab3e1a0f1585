import { z } from '@bulkhead/connector-sdk'
import { applicationName, eventViewSchema } from './api.ts'
import { applicationChangeSchema } from './change.ts'
import { engineName } from './engine.ts'
import { bundleSchema } from './runner-api.ts'

/** What the HTTP API tells of applications, and takes to change them. Times are RFC 3339 in UTC. */

const described = <T extends z.ZodType>(schema: T, description: string): T => schema.meta({ description })
const revisionNumber = described(z.int().min(1), 'Counts the revisions of the application, from 1')
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const setAsideSchema = z.object({
  name: described(z.string().optional(), 'Absent when not even that can be read'),
  number: described(z.int().optional(), 'Of the revision; absent for what never became one'),
  code: described(z.string(), 'Stable; see the reference of errors'),
  message: described(z.string(), 'Why'),
})

export const applicationViewSchema = z.object({
  name: applicationName,
  revision: described(z.string(), 'Digest of what it is made of'),
  number: described(z.int().optional(), 'Of that revision: they count up from 1'),
  environment: described(z.string().optional(), 'Overlay in use'),
  engine: described(z.string().optional(), 'Engine that it was put on; absent: the own one of the server'),
  owner: described(z.string(), 'Who is told when it fails'),
  description: described(z.string().optional(), 'What it is for'),
  labels: described(z.record(z.string(), z.string()), 'Free marks'),
  jobs: described(
    z.array(
      z.object({
        name: described(z.string(), 'Name of the job'),
        parameters: described(
          z.record(z.string(), z.unknown()),
          'Its parameters by name, as the manifest declares them',
        ),
        requestMay: described(z.array(z.string()), 'What a request may set otherwise'),
      }),
    ),
    'What it can have run',
  ),
  triggers: described(z.array(z.string()), 'Names of what starts runs, besides HTTP'),
  replies: described(z.array(z.string()), 'Names of where replies go'),
  queued: described(z.int().optional(), 'Runs that wait; absent in a list'),
  setAside: described(
    z.array(setAsideSchema).optional(),
    'What is wanted of it and cannot be served, while this one is; absent in a list',
  ),
})
export type ApplicationView = z.output<typeof applicationViewSchema>

export const applicationListSchema = z.object({
  items: z.array(applicationViewSchema),
  setAside: described(
    z.array(setAsideSchema),
    'What cannot be served, and why; without a name for administrators only',
  ),
})
export type ApplicationList = z.output<typeof applicationListSchema>

export const revisionViewSchema = z.object({
  number: revisionNumber,
  revision: described(digest, 'Digest of what it is made of'),
  isCurrent: described(z.boolean(), 'Whether new requests are accepted with it'),
  origin: described(z.enum(['folder', 'api']), 'Whether a folder of a server brought it, or a call'),
  actor: described(z.string(), 'Who brought it first'),
  acceptedAt: described(z.iso.datetime(), 'When that was'),
  fault: described(
    z.object({ code: z.string(), message: z.string() }).optional(),
    'Why it was set aside; absent for one that works, as far as is known',
  ),
})
export type RevisionView = z.output<typeof revisionViewSchema>

export const revisionListSchema = z.object({
  items: described(z.array(revisionViewSchema), 'Newest first'),
  next: described(z.string().optional(), 'Give it as `before` for the next page; absent on the last one'),
})
export type RevisionList = z.output<typeof revisionListSchema>

/** Of all files of a change together, in base64: as many bytes as one bundle may have, and room for more. */
export const changeBytes = 64 * 1024 * 1024

export const changeBodySchema = z
  .strictObject({
    bundles: described(
      z.array(bundleSchema).max(200).default([]),
      'Applications as they shall be; of those that are not here nothing is changed',
    ),
    remove: described(
      z.array(applicationName).max(200).default([]),
      'Applications that take no more requests from then on; what waits is run, and their revisions stay',
    ),
    planHash: described(digest.optional(), 'Refused when the same plan, made now, has another hash'),
  })
  .refine(({ bundles, remove }) => bundles.length + remove.length > 0, 'must have bundles, or remove')

/** What `bundle` writes, and a server is brought: applications as files of one file, made once for all places. */
export const bundleFileSchema = z.strictObject({
  kind: z.literal('Bundles'),
  version: z.literal(1),
  bundles: z.array(bundleSchema).min(1).max(200),
})
export type BundleFile = z.output<typeof bundleFileSchema>

export const changePlanSchema = z.object({
  applications: described(z.array(applicationChangeSchema), 'Those of the change, by their names'),
  hash: described(digest, 'Names this very change: from another state it has another'),
})

export const revisionChangedSchema = z.object({
  application: applicationName,
  is: described(
    z.enum(['applied', 'unchanged', 'removed']),
    '`unchanged`: it was current, or removed before',
  ),
  number: revisionNumber,
  revision: described(digest, 'Digest of what it is made of, or was'),
})
export const applicationHistorySchema = z.object({
  items: described(
    z.array(eventViewSchema),
    'Newest first; `data.changed`: fields and files that became others',
  ),
  next: described(z.string().optional(), 'Give it as `before` for the next page; absent on the last one'),
})
export type ApplicationHistory = z.output<typeof applicationHistorySchema>

export const changeAppliedSchema = z.object({ items: z.array(revisionChangedSchema) })

export const rolloutBodySchema = z.strictObject({
  engine: described(engineName, 'Where they shall be; `built-in`: back'),
  applications: described(
    z.array(applicationName).min(1).max(1000).optional(),
    'Absent: all that are not there yet',
  ),
  from: described(engineName.optional(), 'Only those that are on this one now'),
  planHash: described(digest.optional(), 'Refused when the same plan, made now, has another hash'),
})
export type RolloutBody = z.output<typeof rolloutBodySchema>

export const rolledOutSchema = z.object({
  items: z.array(
    z.object({
      application: applicationName,
      is: described(z.enum(['moved', 'unchanged']), '`unchanged`: it was there'),
      engine: engineName,
    }),
  ),
})
export type RolledOut = z.output<typeof rolledOutSchema>
