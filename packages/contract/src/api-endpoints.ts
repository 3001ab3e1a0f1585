/** The table of endpoints is one file: its rows are read one below the other, and share their parts. */
import { z } from '@bulkhead/connector-sdk'
import {
  applicationHistorySchema,
  applicationListSchema,
  applicationViewSchema,
  changeAppliedSchema,
  changeBodySchema,
  changeBytes,
  changePlanSchema,
  revisionChangedSchema,
  revisionListSchema,
  rolledOutSchema,
  rolloutBodySchema,
} from './api-applications.ts'
import {
  applicationName,
  commandBodySchema,
  commandTakenSchema,
  eventListSchema,
  eventsTakenSchema,
  healthSchema,
  idempotencyKey,
  jwksSchema,
  linksSchema,
  previewQuerySchema,
  replyListSchema,
  resendBodySchema,
  resentSchema,
  runAcceptedSchema,
  runId,
  runListSchema,
  runLogSchema,
  runViewSchema,
  tokenBodySchema,
  tokenListSchema,
  tokenMadeSchema,
} from './api.ts'
import {
  type Endpoint,
  type EndpointAnswer,
  eventBatchType,
  eventStreamType,
  eventType,
  jsonType,
} from './endpoint.ts'
import { engineListSchema } from './engine.ts'
import { name } from './names.ts'
import { requestSchema } from './request.ts'
import { runStates } from './run.ts'
import { checkedItemsSchema, previewedRowsSchema } from './runner-api.ts'

const nothing = z.object({})
const application = z.object({ application: applicationName })
const job = application.extend({ job: name.meta({ description: 'Name of the job' }) })
const run = z.object({ runId })
const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(500)
  .default(50)
  .meta({ description: 'Most items of a page' })
const runFilter = z.object({
  state: z.enum(runStates).optional().meta({ description: 'Runs of this state only' }),
  job: name.optional().meta({ description: 'Runs of this job only' }),
  requestId: z.string().max(256).optional().meta({ description: 'Runs of this request only' }),
  before: runId.optional().meta({ description: 'Runs older than this one' }),
  limit,
})
const after = z.coerce
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .default(0)
  .meta({ description: 'Where the page begins: `next` of the page before' })

const json = (schema: z.ZodType, description: string): Record<200, EndpointAnswer> => ({
  200: { description, schema },
})
const accepted: EndpointAnswer = {
  description: 'It is durable: an answer will come, whatever happens',
  schema: runAcceptedSchema,
  headers: { Location: 'Where the run is shown' },
}
const requestBody = (types: readonly string[], required: boolean): NonNullable<Endpoint['body']> => ({
  schema: requestSchema.extend({
    requestId: idempotencyKey.optional(),
  }),
  types,
  required,
})
const health = {
  200: { description: 'All is well', schema: healthSchema },
  503: { description: 'Something is not', schema: healthSchema },
}

/**
 * Every endpoint of the HTTP API, as data: the server's routes, the OpenAPI document and the tests of
 * rights are made from this table.
 */
export const endpoints = {
  startJobRun: {
    method: 'POST',
    path: '/api/v1/applications/{application}/jobs/{job}/runs',
    summary: 'Start a run of a job',
    scope: 'run',
    params: job,
    query: nothing,
    headers: { 'Idempotency-Key': idempotencyKey.optional() },
    body: requestBody([jsonType], false),
    answers: { 202: accepted },
  },
  startRun: {
    method: 'POST',
    path: '/api/v1/applications/{application}/runs',
    summary: 'Start a run by a whole request: a job, a connection with a query, or all of it ad hoc',
    scope: 'run',
    params: application,
    query: nothing,
    headers: { 'Idempotency-Key': idempotencyKey.optional() },
    body: requestBody([jsonType, eventType], true),
    answers: { 202: accepted },
  },
  takeEvents: {
    method: 'POST',
    path: '/api/v1/applications/{application}/events',
    summary: 'Take requests as CloudEvents: binary, structured, or a batch of at most 1,000',
    scope: 'run',
    params: application,
    query: nothing,
    body: { schema: z.unknown(), types: [jsonType, eventType, eventBatchType], required: true },
    answers: {
      202: {
        ...accepted,
        description: 'One event: it is durable. A batch: each event is durable, or refused for good',
        schema: z.union([runAcceptedSchema, eventsTakenSchema]),
      },
      422: { description: 'A batch of which no event could be taken', schema: eventsTakenSchema },
      429: { description: 'Too much at once; send the whole batch again', schema: eventsTakenSchema },
      503: { description: 'Not now; send the whole batch again', schema: eventsTakenSchema },
    },
  },
  listApplications: {
    method: 'GET',
    path: '/api/v1/applications',
    summary: 'List the applications that the caller may see',
    scope: 'any',
    params: nothing,
    query: nothing,
    answers: json(applicationListSchema, 'The applications'),
  },
  showApplication: {
    method: 'GET',
    path: '/api/v1/applications/{application}',
    summary: 'Show an application: its jobs, and what they take',
    scope: 'read',
    params: application,
    query: nothing,
    answers: json(applicationViewSchema, 'The application'),
  },
  listRevisions: {
    method: 'GET',
    path: '/api/v1/applications/{application}/revisions',
    summary: 'List the revisions of an application, newest first; also of one that was removed',
    scope: 'read',
    params: application,
    query: z.object({
      before: z.coerce.number().int().min(1).optional().meta({ description: 'Older than this number' }),
      limit,
    }),
    answers: json(revisionListSchema, 'A page of revisions'),
  },
  showHistory: {
    method: 'GET',
    path: '/api/v1/applications/{application}/history',
    summary: 'What happened to an application, newest first: who changed what; also of one that was removed',
    scope: 'read',
    params: application,
    query: z.object({
      before: z.coerce.number().int().min(1).optional().meta({ description: '`next` of the page before' }),
      limit,
    }),
    answers: json(applicationHistorySchema, 'A page of its history'),
  },
  makeRevisionCurrent: {
    method: 'POST',
    path: '/api/v1/applications/{application}/revisions/{number}/current',
    summary: 'Make a revision current again: the way back',
    scope: 'apply',
    params: application.extend({
      number: z.coerce.number().int().min(1).max(1e9).meta({ description: 'Number of the revision' }),
    }),
    query: nothing,
    answers: json(revisionChangedSchema, 'What is current on all servers'),
  },
  planChange: {
    method: 'POST',
    path: '/api/v1/changes/plan',
    summary: 'What a change of applications would do here; changes nothing. Needs `apply` for each of them',
    scope: 'any',
    params: nothing,
    query: nothing,
    body: { schema: changeBodySchema, types: [jsonType], required: true, mostBytes: changeBytes },
    answers: json(changePlanSchema, 'The plan'),
  },
  applyChange: {
    method: 'POST',
    path: '/api/v1/changes',
    summary: 'Change applications, remove some: all of it, or nothing. Needs `apply` for each of them',
    scope: 'any',
    params: nothing,
    query: nothing,
    body: { schema: changeBodySchema, types: [jsonType], required: true, mostBytes: changeBytes },
    answers: json(changeAppliedSchema, 'What is current on all servers'),
  },
  listEngines: {
    method: 'GET',
    path: '/api/v1/engines',
    summary: 'List the engines of this server, and which applications are on which',
    scope: 'any',
    params: nothing,
    query: nothing,
    answers: json(engineListSchema, 'The engines'),
  },
  planRollout: {
    method: 'POST',
    path: '/api/v1/rollouts/plan',
    summary: 'Which applications would move if they were put on an engine; changes nothing',
    scope: 'admin',
    params: nothing,
    query: nothing,
    body: { schema: rolloutBodySchema, types: [jsonType], required: true },
    answers: json(changePlanSchema, 'The plan'),
  },
  rollOut: {
    method: 'POST',
    path: '/api/v1/rollouts',
    summary: 'Put applications on an engine, or back: all that are named, or none',
    scope: 'admin',
    params: nothing,
    query: nothing,
    body: { schema: rolloutBodySchema, types: [jsonType], required: true },
    answers: json(rolledOutSchema, 'Where they are, on all servers'),
  },
  checkApplication: {
    method: 'POST',
    path: '/api/v1/applications/{application}/check',
    summary: 'Reach every connection and store of an application',
    scope: 'run',
    params: application,
    query: nothing,
    answers: json(z.object({ items: checkedItemsSchema }), 'What came of each'),
  },
  preview: {
    method: 'POST',
    path: '/api/v1/applications/{application}/preview',
    summary: 'The first rows of what a request would give; nothing is stored',
    scope: 'run',
    params: application,
    query: previewQuerySchema,
    body: requestBody([jsonType, eventType], true),
    answers: json(previewedRowsSchema, 'The rows, as texts'),
  },
  showKeys: {
    method: 'GET',
    path: '/api/v1/applications/{application}/keys',
    summary: 'Public keys of an application, to which credentials in requests are encrypted',
    scope: 'none',
    params: application,
    query: nothing,
    answers: { 200: { description: 'A JWK Set', schema: jwksSchema, type: 'application/jwk-set+json' } },
  },
  listApplicationRuns: {
    method: 'GET',
    path: '/api/v1/applications/{application}/runs',
    summary: 'List the runs of an application, newest first',
    scope: 'read',
    params: application,
    query: runFilter,
    answers: json(runListSchema, 'A page of runs'),
  },
  listRuns: {
    method: 'GET',
    path: '/api/v1/runs',
    summary: 'List the runs of all applications, newest first',
    scope: 'read',
    params: nothing,
    query: runFilter,
    answers: json(runListSchema, 'A page of runs'),
  },
  showRun: {
    method: 'GET',
    path: '/api/v1/runs/{runId}',
    summary: 'Show a run',
    scope: 'read',
    params: run,
    query: nothing,
    answers: json(runViewSchema, 'The run'),
  },
  listRunEvents: {
    method: 'GET',
    path: '/api/v1/runs/{runId}/events',
    summary: 'What happened to a run, oldest first',
    scope: 'read',
    params: run,
    query: z.object({ after, limit }),
    answers: json(eventListSchema, 'A page of its history'),
  },
  showRunLog: {
    method: 'GET',
    path: '/api/v1/runs/{runId}/log',
    summary: 'The log of a run, oldest line first',
    scope: 'read',
    params: run,
    query: z.object({ after, limit: limit.meta({ description: 'Most segments of a page' }) }),
    answers: json(runLogSchema, 'A page of lines'),
  },
  watchRun: {
    method: 'GET',
    path: '/api/v1/runs/{runId}/watch',
    summary: 'Follow a run as Server-Sent Events: `history`, `progress`, and `run` when it is over',
    scope: 'read',
    params: run,
    query: nothing,
    headers: {
      'Last-Event-ID': z
        .string()
        .optional()
        .meta({ description: 'Sequence number of the last event that was seen' }),
    },
    answers: {
      200: { description: 'A stream, which ends with the run', type: eventStreamType },
    },
  },
  cancelRun: {
    method: 'POST',
    path: '/api/v1/runs/{runId}/cancel',
    summary: 'Cancel a run',
    scope: 'run',
    params: run,
    query: nothing,
    body: { schema: commandBodySchema, types: [jsonType], required: false },
    answers: {
      202: { description: 'The command is kept until it is effective', schema: commandTakenSchema },
    },
  },
  retryRun: {
    method: 'POST',
    path: '/api/v1/runs/{runId}/retry',
    summary: 'Try a run again that failed or was cancelled',
    scope: 'run',
    params: run,
    query: nothing,
    answers: { 202: { ...accepted, description: 'A new attempt is queued' } },
  },
  makeLinks: {
    method: 'POST',
    path: '/api/v1/runs/{runId}/links',
    summary: 'Fresh links to the result of a run',
    scope: 'read',
    params: run,
    query: nothing,
    answers: json(linksSchema, 'The links'),
  },
  fetchFile: {
    method: 'GET',
    path: '/api/v1/runs/{runId}/files/{name}',
    summary: 'A stable address of a file of a result',
    scope: 'read',
    params: run.extend({ name: z.string().min(1).max(255).meta({ description: 'Name of the file' }) }),
    query: nothing,
    answers: { 302: { description: 'Redirects to a fresh link', headers: { Location: 'The link' } } },
  },
  listReplies: {
    method: 'GET',
    path: '/api/v1/replies',
    summary: 'List reply messages of the applications that the caller may see',
    scope: 'any',
    params: nothing,
    query: z.object({
      state: z.enum(['due', 'sent', 'failed']).optional().meta({ description: 'Of this state only' }),
      runId: runId.optional().meta({ description: 'Of this run only' }),
      application: applicationName.optional().meta({ description: 'Of this application only' }),
      after: z
        .string()
        .regex(/^\d{1,15}$/)
        .optional()
        .meta({ description: 'Where the page begins: `next` of the page before' }),
      limit,
    }),
    answers: json(replyListSchema, 'A page of messages'),
  },
  resendReplies: {
    method: 'POST',
    path: '/api/v1/runs/{runId}/replies',
    summary: 'Send the answer of a run once more, with fresh links',
    scope: 'run',
    params: run,
    query: nothing,
    body: { schema: resendBodySchema, types: [jsonType], required: false },
    answers: { 202: { description: 'The messages are in the outbox', schema: resentSchema } },
  },
  listTokens: {
    method: 'GET',
    path: '/api/v1/tokens',
    summary: 'List the tokens, without what makes them secret',
    scope: 'admin',
    params: nothing,
    query: nothing,
    answers: json(tokenListSchema, 'The tokens'),
  },
  createToken: {
    method: 'POST',
    path: '/api/v1/tokens',
    summary: 'Make a token',
    scope: 'admin',
    params: nothing,
    query: nothing,
    body: { schema: tokenBodySchema, types: [jsonType], required: true },
    answers: { 201: { description: 'The token: told this once', schema: tokenMadeSchema } },
  },
  revokeToken: {
    method: 'DELETE',
    path: '/api/v1/tokens/{id}',
    summary: 'Revoke a token',
    scope: 'admin',
    params: z.object({
      id: z
        .string()
        .regex(/^[a-z0-9]{16}$/)
        .meta({ description: 'Id of the token' }),
    }),
    query: nothing,
    answers: { 204: { description: 'It is no longer valid' } },
  },
  showOpenApi: {
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'This document',
    scope: 'none',
    params: nothing,
    query: nothing,
    answers: json(z.record(z.string(), z.unknown()), 'OpenAPI 3.1'),
  },
  healthLive: {
    method: 'GET',
    path: '/health/live',
    summary: 'Whether the process is alive',
    scope: 'none',
    params: nothing,
    query: nothing,
    answers: health,
  },
  healthReady: {
    method: 'GET',
    path: '/health/ready',
    summary: 'Whether the server takes requests; depends on no application',
    scope: 'none',
    params: nothing,
    query: nothing,
    answers: health,
  },
  healthStartup: {
    method: 'GET',
    path: '/health/startup',
    summary: 'Whether the server has started, and what it waits for',
    scope: 'none',
    params: nothing,
    query: nothing,
    answers: health,
  },
  showMetrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus; from this machine without a token',
    scope: 'metrics',
    params: nothing,
    query: nothing,
    answers: { 200: { description: 'The metrics', type: 'text/plain' } },
  },
} as const satisfies Readonly<Record<string, Endpoint>>

export type EndpointName = keyof typeof endpoints
