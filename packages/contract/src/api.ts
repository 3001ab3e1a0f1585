import { errorKinds, z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'
import { requestId } from './request.ts'
import { runStates, storedReplySchema, waitReasons } from './run.ts'
import { logLineSchema, progressSchema } from './runner-api.ts'

/** What the HTTP API of a server takes and tells: the shapes that its clients use. Times are RFC 3339 in UTC. */

const described = <T extends z.ZodType>(schema: T, description: string): T => schema.meta({ description })
const time = z.iso.datetime()
const maybeTime = time.optional()

export const applicationName = described(name, 'Name of the application')
export const runId = described(
  z.uuid({ version: 'v7' }),
  'Id of the run; ids of later runs sort behind those of earlier ones',
)

export const runViewSchema = z.object({
  runId,
  application: applicationName,
  job: described(z.string().optional(), 'Name of the job; absent for an ad hoc request'),
  requestId: described(z.string(), 'Id of the request'),
  requestSource: described(z.string(), "Source of the request's event; empty for a plain one"),
  attempt: described(z.int(), 'Counts what was run for the request, from 1'),
  state: described(z.enum(runStates), 'How far it is, or how it ended'),
  revision: described(z.string(), 'Digest of the application that it was accepted with'),
  engine: described(
    z.string().optional(),
    'Engine whose process has it, or had it last: its name, and the version and digest of its build',
  ),
  actor: described(z.string(), 'Who asked for it'),
  acceptedAt: described(time, 'When the request was accepted'),
  waitedSeconds: described(
    z.number().min(0).optional(),
    'How long the run has waited in the queue, over all its times there: until now, while it waits',
  ),
  waiting: described(
    z
      .object({
        since: described(time, 'When it was put into the queue, last'),
        for: described(
          z.enum(waitReasons),
          'What it waits for, as the server sees it that answers: `runners`: a runner process; `concurrentRuns`: the end of other runs of its application, of which there are as many as may be; `system`: a place at a source system with a budget; `identicalRequest`: the result of an identical request, whose run `waitsFor` names',
        ),
        system: described(z.string().optional(), 'Which one, for `system`'),
      })
      .optional(),
    'While it is queued',
  ),
  startedAt: described(maybeTime, 'When the attempt began'),
  finishedAt: described(maybeTime, 'When it ended'),
  progress: described(progressSchema.optional(), 'While it runs, as far as its runner told'),
  reply: described(
    storedReplySchema.optional(),
    'The answer, when it is over: with places, and without links',
  ),
  resultGoneAt: described(maybeTime, 'When the result was removed'),
  waitsFor: described(
    runId.optional(),
    'The run of an identical request whose result it will be answered with; it is queued meanwhile',
  ),
  reusedFrom: described(
    runId.optional(),
    'The run of an identical request whose result it was answered with; it never began itself',
  ),
})
export type RunView = z.output<typeof runViewSchema>

export const runAcceptedSchema = z.object({
  runId,
  application: applicationName,
  requestId: described(z.string(), 'Id of the request: given, or made here'),
  attempt: described(z.int(), 'Counts what was run for the request, from 1'),
  state: described(z.enum(runStates), 'How far the run is'),
  is: described(
    z.enum(['new', 'under-way', 'answered']),
    '`new`: a first or a further attempt; `under-way`: a repeat of one that is not over; `answered`: a repeat whose answer is sent once more, with fresh links',
  ),
  run: described(z.string(), 'Where the run is shown'),
  watch: described(z.string(), 'Where it can be followed, as Server-Sent Events'),
})
export type RunAccepted = z.output<typeof runAcceptedSchema>

export const runListSchema = z.object({
  items: described(z.array(runViewSchema), 'Newest first'),
  next: described(z.string().optional(), 'Give it as `before` for the next page; absent on the last one'),
})
export type RunList = z.output<typeof runListSchema>

export const eventViewSchema = z.object({
  sequence: described(z.int(), 'Rises with every event of the server'),
  at: described(time, 'When it happened'),
  type: described(
    z.string(),
    '`accepted`, `claimed`, `lost`, `finished`, `cancel-asked`, `message-sent` ...',
  ),
  actor: described(z.string(), 'Who did it'),
  data: described(z.record(z.string(), z.unknown()), 'Details; no rows, parameters or secrets'),
})
export type EventView = z.output<typeof eventViewSchema>

export const eventListSchema = z.object({
  items: described(z.array(eventViewSchema), 'Oldest first'),
  next: described(z.string().optional(), 'Give it as `after` for the next page; absent on the last one'),
})
export type EventList = z.output<typeof eventListSchema>

export const runLogSchema = z.object({
  lines: described(z.array(logLineSchema), 'Oldest first; `at` in epoch milliseconds'),
  next: described(z.string().optional(), 'Give it as `after` for the next page; absent on the last one'),
})
export type RunLog = z.output<typeof runLogSchema>

export const commandBodySchema = z.strictObject({
  reason: described(z.string().max(500).default(''), 'Why, for the history'),
})

export const commandTakenSchema = z.object({
  commandId: described(z.string(), 'Id of the command'),
  is: described(
    z.enum(['accepted', 'effective']),
    '`accepted`: kept until the run obeys; `effective`: the run is over',
  ),
})
export type CommandTakenView = z.output<typeof commandTakenSchema>

export const linksSchema = z.object({
  files: described(
    z.array(
      z.object({
        name: described(z.string(), 'Name of the file'),
        url: described(z.string(), 'Signed link: whoever has it can download the file until it expires'),
        expiresAt: described(time, 'When the link ends'),
      }),
    ),
    'In the order of the result, its manifest last',
  ),
  warnings: described(z.array(z.string()), 'Such as links that end early'),
})
export type Links = z.output<typeof linksSchema>

export const replyViewSchema = z.object({
  id: described(z.string(), 'Id of the event that is sent, whose repeats receivers can tell by it'),
  runId,
  application: applicationName,
  requestId: described(z.string(), 'Id of the request'),
  destination: described(z.string(), 'Name of the reply destination in the manifest'),
  message: described(z.string(), '`accepted`, `progress-7`, `completed`, `answer-2` ...'),
  state: described(z.enum(['due', 'sent', 'failed']), '`due`: is sent, or tried again; `failed`: given up'),
  tries: described(z.int(), 'How often it was tried'),
  dueAt: described(time, 'When it is tried next, or was due'),
  lastError: described(z.string().optional(), 'Why the last try failed'),
})
export type ReplyView = z.output<typeof replyViewSchema>

export const replyListSchema = z.object({
  items: z.array(replyViewSchema),
  next: described(
    z.string().optional(),
    'Give it as `after` for the next page; absent on the last one. A page may hold fewer than asked for',
  ),
})
export type ReplyList = z.output<typeof replyListSchema>

export const resendBodySchema = z.strictObject({
  destinations: described(
    z.array(name).min(1).max(100).optional(),
    'Names of reply destinations; all of the application when absent',
  ),
})
export const resentSchema = z.object({
  messages: described(z.int(), 'How many are sent once more, with fresh links'),
})
export type Resent = z.output<typeof resentSchema>

/** A scope of a token: everything, or one verb on one application, `*` for all of them. */
export const scopeSchema = z
  .string()
  .max(60)
  .regex(
    /^(admin|metrics|(read|run|apply):(\*|(?!.*--)[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?))$/,
    'must be admin, metrics, read:APPLICATION, run:APPLICATION or apply:APPLICATION',
  )
  .meta({
    description:
      '`admin`: everything; `run:APPLICATION`: start, stop and read its runs; `read:APPLICATION`: read them; `apply:APPLICATION`: change it, and read its runs; `metrics`: /metrics. `*` stands for all applications',
  })

export const tokenBodySchema = z.strictObject({
  name: described(name, 'Who has it: stands in the history of what is done with it'),
  scopes: described(z.array(scopeSchema).min(1).max(50), 'What it may do'),
  expiresInSeconds: described(
    z
      .int()
      .min(60)
      .max(10 * 365 * 86_400)
      .optional(),
    'How long it is valid; for ever when absent',
  ),
})
export type TokenBody = z.input<typeof tokenBodySchema>

export const tokenViewSchema = z.object({
  id: described(z.string(), 'Id of the token, the first part of it'),
  name: described(z.string(), 'Who has it'),
  scopes: described(z.array(z.string()), 'What it may do'),
  createdAt: described(time, 'When it was made'),
  expiresAt: described(maybeTime, 'When it ends'),
  revokedAt: described(maybeTime, 'When it was revoked'),
})
export type TokenView = z.output<typeof tokenViewSchema>
export const tokenListSchema = z.object({ items: z.array(tokenViewSchema) })
export type TokenList = z.output<typeof tokenListSchema>
export const tokenMadeSchema = tokenViewSchema.extend({
  token: described(z.string(), 'The token itself: told this once, and kept nowhere'),
})
export type TokenMade = z.output<typeof tokenMadeSchema>

const faultSchema = {
  code: described(z.string(), 'Stable; see the reference of errors'),
  path: described(z.string().optional(), 'Where in the request or manifest'),
  fix: described(z.string().optional(), 'What to do'),
}

/** @see RFC 9457 */
export const problemSchema = z.object({
  type: described(z.string(), 'Where the code is explained'),
  title: described(z.string(), 'What went wrong; no internals'),
  status: described(z.int(), 'The HTTP status'),
  ...faultSchema,
  kind: described(z.enum(errorKinds), 'What is done about it'),
  retryable: described(z.boolean(), 'Whether the same call may succeed later'),
  retryAfterSeconds: described(z.int().optional(), 'How long to wait before it, as `Retry-After` says'),
  runId: described(z.string().optional(), 'Of the run that the refusal is recorded as'),
  errors: described(
    z.array(z.object({ message: z.string(), ...faultSchema })).optional(),
    'Further faults that were found at once',
  ),
})
export type Problem = z.output<typeof problemSchema>

/** What became of each event of a batch, in its order. */
export const eventsTakenSchema = z.object({
  results: z.array(
    z.object({
      id: described(z.string().optional(), 'Id of the event, as far as it could be read'),
      status: described(z.int(), 'The HTTP status that the event would have got alone'),
      run: described(runAcceptedSchema.optional(), 'When it was taken'),
      problem: described(problemSchema.optional(), 'When it was not'),
    }),
  ),
})
export type EventsTaken = z.output<typeof eventsTakenSchema>

export const healthSchema = z.object({
  status: described(z.enum(['pass', 'fail']), '`fail` comes with status 503'),
  checks: described(
    z.array(
      z.object({
        name: z.string(),
        status: z.enum(['pass', 'fail']),
        reason: described(z.string().optional(), 'Why it is not ready'),
      }),
    ),
    'What was looked at',
  ),
})
export type HealthReport = z.output<typeof healthSchema>

export const previewQuerySchema = z.object({
  rows: described(z.coerce.number().int().min(1).max(1000).default(20), 'Most rows'),
})

/** Public keys of an application, to which credentials in requests are encrypted. @see RFC 7517 */
export const jwksSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) })
export type Jwks = z.output<typeof jwksSchema>

/** What a request without an id of its own may give as one. */
export const idempotencyKey = described(
  requestId,
  'Id of the request, when its body has none: the same key again is the same request',
)
