import { z } from '@bulkhead/connector-sdk'

/**
 * Engines: builds of the runner, of which a server may have several. Each application is on one of them; a process, and so
 * a run, is of one build from its beginning to its end.
 */

const described = <T extends z.ZodType>(schema: T, description: string): T => schema.meta({ description })

/** Version of the calls between server and runner, `runner-api.ts`: counts up when one does not understand the other any more. */
export const runnerProtocol = 1
/** Version of the form in which a runner gets its application. */
export const bundleVersion = 1
/** The engine that came with the server: what every application is on until somebody says otherwise. */
export const ownEngine = 'built-in'

/** Name of the folder that an engine lies in: mostly its version. */
export const engineName = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be lower-case letters, digits, dots and hyphens')

/** What a build says of itself when it is asked, as one line: before it is given any work. */
export const engineStatementSchema = z.object({
  engine: z.literal('bulkhead-runner'),
  version: z.string().min(1).max(60),
  /** Versions of the runner API that it speaks. */
  protocols: z.array(z.int()).max(100),
  bundles: z.array(z.int()).max(100),
  /** `apiVersion` of manifests that it reads. */
  manifests: z.array(z.string().max(100)).max(100),
})
export type EngineStatement = z.output<typeof engineStatementSchema>

/** What a process says with every call for work: it is held against what its build said. */
export const claimSchema = z.object({
  version: z.string().max(60),
  protocol: z.int(),
})
export type ClaimCall = z.output<typeof claimSchema>

export const engineViewSchema = z.object({
  name: described(engineName, 'Name of its folder; `built-in`: the one that came with the server'),
  state: described(
    z.enum(['usable', 'asked', 'set-aside', 'missing']),
    '`asked`: it was not heard yet; `set-aside`: this server cannot use it; `missing`: applications are on it, and this server does not have it',
  ),
  version: described(z.string().optional(), 'Of the build'),
  build: described(
    z.string().optional(),
    'Its version, and a digest of its code: stands in the digest of applications',
  ),
  reason: described(z.string().optional(), 'Why it cannot be used'),
  applications: described(z.array(z.string()), 'Those on it that the caller may see'),
})
export type EngineView = z.output<typeof engineViewSchema>

export const engineListSchema = z.object({
  items: described(z.array(engineViewSchema), 'The own one first'),
  setAside: described(
    z.array(
      z.object({
        application: z.string(),
        engine: z.string(),
        code: described(z.string(), 'Stable; see the reference of errors'),
        message: described(z.string(), 'Why'),
      }),
    ),
    'Applications that went back to the own engine by themselves, because theirs did not work',
  ),
})
export type EngineList = z.output<typeof engineListSchema>
