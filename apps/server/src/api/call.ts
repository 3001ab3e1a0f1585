import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { z } from '@bulkhead/connector-sdk'
import type { Endpoint, EndpointName, endpoints } from '@bulkhead/contract'
import type { Caller } from '../auth/scopes.ts'
import type { RunRecord } from '../repository/repository.ts'

/** One call of an endpoint: who calls is known and may, what came fits the endpoint's schemas. */
export interface Call<E extends Endpoint = Endpoint> {
  readonly params: z.output<E['params']>
  readonly query: z.output<E['query']>
  readonly headers: IncomingHttpHeaders
  /** The body as it came; undefined when there is none. */
  readonly bytes: Uint8Array | undefined
  /** The body as its schema reads it. @throws BulkheadError `call-invalid` */
  readonly body: () => E['body'] extends { readonly schema: z.ZodType }
    ? z.output<E['body']['schema']>
    : undefined
  /** The run that the path names, which the caller may see. */
  readonly run: 'runId' extends keyof z.output<E['params']> ? RunRecord : undefined
  readonly caller: Caller
  /** W3C trace context: of the span of this call, or of the caller. */
  readonly traceparent: string | undefined
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal
  /** For an answer that streams; the handler gives back `streamed` then. */
  readonly stream: () => ServerResponse
}

export interface Answer {
  readonly status: number
  /** Written as JSON, unless it is a text. */
  readonly body?: unknown
  /** Default: application/json. */
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What happens at an endpoint. */
export type Handler<K extends EndpointName> = (
  call: Call<(typeof endpoints)[K]>,
) => Promise<Answer | 'streamed'>
export type Handlers<K extends EndpointName = EndpointName> = { readonly [Name in K]: Handler<Name> }

export function ok(body: unknown): Answer {
  return { status: 200, body }
}
