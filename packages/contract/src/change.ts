import { z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'

/** What decides about applications, and what a change does to it: as plans tell it, and files keep it. */

const described = <T extends z.ZodType>(schema: T, description: string): T => schema.meta({ description })
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const inputs = z.record(z.string(), z.string())

/** All that decides what an application does, as texts by the place that they come from. */
export const behaviourSchema = z.object({
  application: name,
  bundle: described(inputs, 'What its bundle says, wherever it runs: fields of the manifest, `files/…`'),
  environment: described(
    inputs,
    'What the place adds where it runs: `variables/…`, `connectors/…`, `clusters/…`, `secrets`, `platform/…`',
  ),
})
export type Behaviour = Readonly<z.output<typeof behaviourSchema>>

export const behaviourDigestSchema = z.object({
  digest: described(sha256, 'SHA-256 over all that decides what the application does'),
  bundle: described(sha256, 'Of the part that its bundle holds'),
  environment: described(sha256, 'Of the part that the place adds'),
})
export type BehaviourDigest = Readonly<z.output<typeof behaviourDigestSchema>>

/** When a change is felt, from the gentlest to the strongest. */
export const effects = ['live', 'next-run', 'restart'] as const
export type Effect = (typeof effects)[number]
const effect = described(
  z.enum(effects),
  '`live`: at once; `next-run`: by runs that are accepted from then on; `restart`: what it starts is started anew',
)

export const changedInputSchema = z.object({
  part: described(z.enum(['bundle', 'environment']), 'Part of the digest'),
  place: described(z.string(), 'Field of the manifest, `files/…`, `connectors/…`, `clusters/…`'),
  action: z.enum(['add', 'change', 'remove']),
  before: described(z.string().optional(), 'JSON, or a hash'),
  after: described(z.string().optional(), 'JSON, or a hash'),
  effect,
})
export type ChangedInput = Readonly<z.output<typeof changedInputSchema>>

const setAsideErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  path: z.string().optional(),
})

export const applicationChangeSchema = z.object({
  application: described(z.string(), 'Its name; the name of its folder, when that is all that can be read'),
  action: described(
    z.enum(['add', 'change', 'remove', 'none', 'set-aside']),
    'What becomes of it; `set-aside`: it cannot be used, and what there was keeps working',
  ),
  before: behaviourDigestSchema.optional(),
  after: behaviourDigestSchema.optional(),
  effect: effect.optional(),
  changes: described(z.array(changedInputSchema), 'What of it is another than before'),
  error: described(setAsideErrorSchema.optional(), 'Why it cannot be used'),
})
export type ApplicationChange = Readonly<z.output<typeof applicationChangeSchema>>

/** The applications of a place, as they would be run there: what `bulkhead plan --out` writes. */
export const applicationsStateSchema = z.object({
  kind: z.literal('ApplicationsState'),
  version: z.literal(1),
  applications: z.array(behaviourSchema),
  setAside: z.array(z.object({ name: z.string(), error: setAsideErrorSchema })),
})
export type ApplicationsState = Readonly<z.output<typeof applicationsStateSchema>>
