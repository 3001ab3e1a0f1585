import { z } from '@bulkhead/connector-sdk'
import { secretProviderSchema } from './secret-provider.ts'
import { replyErrorSchema } from './reply.ts'
import { deliverySchema, runCommands, runOutcomeSchema } from './run.ts'

/**
 * What server and runner say to each other: JSON over HTTP, on a Unix socket or a port. A runner process
 * serves one application, asks for work with its own token, and for each run with the run's token.
 *
 * | call                           | who     | meaning                                                      |
 * |--------------------------------|---------|--------------------------------------------------------------|
 * | `POST /v1/claim`               | process | waits for work: a run or a task; 204 when there is none       |
 * | `GET  /v1/bundles/{digest}`    | process | the files of a revision of its application                    |
 * | `POST /v1/heartbeat`           | process | all its runs are alive; the answer holds their commands       |
 * | `POST /v1/runs/{id}/finish`    | run     | the outcome; 409 `lease-lost` when the run is another's (I2)  |
 * | `POST /v1/tasks/{id}/finish`   | process | result or error of a task                                    |
 */

/**
 * What a runner process is told when it is started, as one line on its standard input, where no other process
 * sees it. The end of its input is the end of its server.
 */
export const runnerSettingsSchema = z.object({
  /** Path of the server's Unix socket. */
  socket: z.string(),
  /** Of this process only. */
  token: z.string(),
  application: z.string(),
  revision: z.string(),
  environment: z.string().optional(),
  /** Where settings with relative paths start. */
  baseFolder: z.string(),
  /** Where the keys of the application lie, for credentials that a request brings sealed. */
  stateFolder: z.string(),
  /** Folders whose sub-folders are connectors. */
  connectorRoots: z.array(z.string()),
  /** With a server silent for so long, all its runs are given up. */
  leaseMs: z.int(),
  /** What it may sign for stores of local files; absent when the application has none. */
  links: z
    .object({
      application: z.string(),
      key: z.string(),
      folders: z.array(z.object({ id: z.string(), application: z.string(), folder: z.string() })),
      baseUrl: z.string(),
      serverKey: z.string(),
      isServed: z.boolean().optional(),
    })
    .optional(),
  /** Longest time that results are kept; absent: as long as the application says. */
  resultsMs: z.int().optional(),
  /** Where its secrets are, with tokens of this application only; absent: where they are without a server. */
  secrets: z.array(secretProviderSchema).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
})
export type RunnerSettings = z.output<typeof runnerSettingsSchema>

/**
 * What a runner process says of its end by its exit code (`sysexits.h`). None of them is 0: that is what code of an
 * application ends a process with.
 */
export const runnerExits = {
  /** An error that nobody waited for was the fault of one of several runs: all of them begin again. */
  stray: 70,
  /** By itself, with whatever work it still had: its server was silent, wanted no more of it, or told it to end. */
  gaveUp: 75,
  /** The bundle of its application cannot be read. */
  unreadable: 78,
} as const

/** The application as its runner gets it: files by path, base64. The digest is over all of them. */
export const bundleSchema = z.object({
  application: z.string(),
  digest: z.string(),
  files: z.record(z.string(), z.string()),
})
export type Bundle = z.output<typeof bundleSchema>

const revision = {
  application: z.string(),
  /** Digest of the bundle that the run was accepted with. */
  revision: z.string(),
  /** Overlay of the application, `environments/NAME.yaml`. */
  environment: z.string().optional(),
  /** Where settings with relative paths start, on the machine of the server: the folder that the bundle was made of. */
  baseFolder: z.string().optional(),
}

export const runWorkSchema = z.object({
  kind: z.literal('run'),
  ...revision,
  runId: z.string(),
  attempt: z.int(),
  /** Counts who had the run; every message about it carries it (I2). */
  epoch: z.int(),
  /** Of this run and epoch only. */
  token: z.string(),
  leaseMs: z.int(),
  /** The request as text, as it was kept: credentials in it are sealed. */
  request: z.string(),
  acceptedAtMs: z.int(),
  /** Folders of the store that earlier epochs of this run may have left something in: swept before it starts (I5). */
  leftFolders: z.array(z.string()),
  /** Whether this process ends after it. */
  alone: z.boolean(),
})
export type RunWork = z.output<typeof runWorkSchema>

export const taskWorkSchema = z.discriminatedUnion('task', [
  /** Fresh links to a result. */
  z.object({
    kind: z.literal('task'),
    taskId: z.string(),
    ...revision,
    task: z.literal('sign'),
    delivery: deliverySchema,
  }),
  /** Removes results, and what dead runs left, below folders of a store. */
  z.object({
    kind: z.literal('task'),
    taskId: z.string(),
    ...revision,
    task: z.literal('cleanup'),
    store: z.string(),
    folders: z.array(z.string()),
  }),
  /** Whether connections and stores answer. */
  z.object({ kind: z.literal('task'), taskId: z.string(), ...revision, task: z.literal('check') }),
  /** The first rows of what a request would give. */
  z.object({
    kind: z.literal('task'),
    taskId: z.string(),
    ...revision,
    task: z.literal('preview'),
    request: z.string(),
    rows: z.int(),
  }),
])
export type TaskWork = z.output<typeof taskWorkSchema>
export const workSchema = z.union([runWorkSchema, taskWorkSchema])
export type Work = z.output<typeof workSchema>

export const signedLinksSchema = z.array(
  z.object({ url: z.string(), expiresAtMs: z.int(), warning: z.string().optional() }),
)
export type SignedLinks = z.output<typeof signedLinksSchema>

/** What came of looking at one connection or store. */
export const checkedItemsSchema = z.array(
  z.object({
    role: z.enum(['connection', 'store']),
    name: z.string(),
    connector: z.string(),
    /** One line about what answered; absent after a failure. */
    message: z.string().optional(),
    error: replyErrorSchema.optional(),
  }),
)
export type CheckedItems = z.output<typeof checkedItemsSchema>

export const previewedRowsSchema = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** Texts, as a CSV file would have them; null stays null. */
  rows: z.array(z.array(z.string().nullable())),
  warnings: z.array(z.string()),
})
export type PreviewedRows = z.output<typeof previewedRowsSchema>

export const progressSchema = z.object({ rows: z.int().nullable(), bytes: z.int() })

/** Bounded: a line is cut at 8 KiB, a heartbeat holds at most 64 KiB of lines; how many were left out is told. */
export const logLineSchema = z.object({
  at: z.int(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).optional(),
})
export type LogLine = z.output<typeof logLineSchema>

/** Breakers of a process that have opened at some time; the others are closed and not told. */
export const toldBreakersSchema = z
  .array(
    z.object({
      connection: z.string().max(100),
      state: z.enum(['closed', 'half-open', 'open']),
      /** When the next try is let through, epoch milliseconds; for `open`. */
      untilMs: z.int().optional(),
    }),
  )
  .max(100)
export type ToldBreakers = z.output<typeof toldBreakersSchema>

export const heartbeatSchema = z.object({
  breakers: toldBreakersSchema.optional(),
  runs: z.array(
    z.object({
      runId: z.string(),
      epoch: z.int(),
      startedAtMs: z.int().optional(),
      progress: progressSchema.optional(),
      log: z.array(logLineSchema),
      leftOutLines: z.int(),
      /** Ids of commands that have taken effect. */
      effective: z.array(z.string()),
    }),
  ),
})
export type Heartbeat = z.output<typeof heartbeatSchema>

export const heartbeatAnswerSchema = z.object({
  runs: z.array(
    z.object({
      runId: z.string(),
      /** The run is another's now: it is stopped at once, and leaves nothing. */
      lost: z.boolean(),
      commands: z.array(z.object({ id: z.string(), command: z.enum(runCommands), reason: z.string() })),
    }),
  ),
  /** No more work for this process: it ends when its runs are over. */
  drain: z.boolean(),
})
export type HeartbeatAnswer = z.output<typeof heartbeatAnswerSchema>

export const finishRunSchema = runOutcomeSchema.extend({
  epoch: z.int(),
  /** Made a moment ago for the delivery, and kept nowhere: the reply that is sent at once needs no task for them. */
  links: signedLinksSchema.optional(),
  /** Of the whole process, after this run. */
  breakers: toldBreakersSchema.optional(),
  /** Lines that no heartbeat has told. */
  log: z.array(logLineSchema).optional(),
  leftOutLines: z.int().optional(),
})
export type FinishRun = z.output<typeof finishRunSchema>

/** What became of a task: its result, in the form that the task has, or why there is none. */
export const finishTaskSchema = z.union([
  z.object({ result: z.unknown() }),
  z.object({ error: replyErrorSchema }),
])
export type FinishTask = z.output<typeof finishTaskSchema>
