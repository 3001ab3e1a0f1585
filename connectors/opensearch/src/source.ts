import {
  durationMs,
  sizeInBytes,
  type ConnectionContext,
  type Extract,
  type ReadRequest,
  type Source,
} from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { opensearchError } from './errors.ts'
import { prepareExtract } from './extract.ts'
import { isSignatureRefused, type Refusal } from './http/answer-error.ts'
import { Client } from './http/client.ts'
import { bindQuery } from './query/bind-query.ts'
import { jsonBody } from './search/json-body.ts'
import { prepareSql } from './sql/prepare-sql.ts'

/** Opens the connection: checks its settings. Nothing is sent before it is used. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const client = new Client(context.config, context.limits)
  const ended = context.signal
  return {
    check: (signal) => check(client, context, AbortSignal.any([signal, ended])),
    prepare: (read, signal) => prepare(client, context, read, AbortSignal.any([signal, ended])),
    async [Symbol.asyncDispose]() {
      client.close()
    },
  }
}

/** Asks the server who it is. A user who may not know that has logged in all the same. */
async function check(
  client: Client,
  { config: { nodes, aws }, limits }: ConnectionContext<Config>,
  signal: AbortSignal,
): Promise<string> {
  const denied = opensearchError('opensearch-permission-denied', 'The user may not ask for the version')
  // serverless collections have no version
  const silent = aws?.service === 'aoss' ? [403, 404] : [403]
  const explain = (refusal: Refusal) =>
    silent.includes(refusal.status) && !isSignatureRefused(refusal) ? denied : undefined
  // a server that takes the connection and is silent is not there either
  const request = {
    method: 'GET',
    path: '/',
    explain,
    timeoutMs: limits.connectTimeoutMs,
    attempts: nodes.length,
  } as const
  const answer = await client.send(request, signal).catch((error: unknown) => {
    if (error === denied) return undefined
    throw error
  })
  if (answer === undefined) return 'The server takes the login, and does not tell its version'
  const { version, cluster_name: cluster } = jsonBody(answer) as {
    readonly version?: { readonly number?: unknown; readonly distribution?: unknown }
    readonly cluster_name?: unknown
  }
  if (typeof version?.number !== 'string')
    throw opensearchError('opensearch-not-a-server', 'What answers does not tell the version of OpenSearch', {
      path: 'config.nodes',
    })
  const product = version.distribution === 'opensearch' ? 'OpenSearch' : 'A compatible server'
  return `${product} ${oneLine(version.number)} of the cluster ${oneLine(cluster)} answers`
}

function oneLine(value: unknown): string {
  return String(value)
    .replaceAll(/[^\w.:-]/g, ' ')
    .slice(0, 80)
}

async function prepare(
  client: Client,
  { config, limits }: ConnectionContext<Config>,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<Extract> {
  signal.throwIfAborted()
  if (typeof read.query === 'string') {
    const mostBytes = sizeInBytes(config.maxDocumentSize)
    return prepareSql(
      { client, text: read.query, read, mostBytes, queryTimeoutMs: limits.queryTimeoutMs },
      signal,
    )
  }
  const query = bindQuery(read.query, read.parameters, config.scripts)
  return prepareExtract(
    {
      client,
      query,
      read,
      connections: Math.max(1, limits.connections),
      keepAliveMs: durationMs(config.keepAlive),
      queryTimeoutMs: limits.queryTimeoutMs,
      maxDocumentSize: config.maxDocumentSize,
    },
    signal,
  )
}
