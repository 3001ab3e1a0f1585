import type { z } from '@bulkhead/connector-sdk'

/** An endpoint of the HTTP API, as data. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: `/${string}`
  readonly summary: string
  /**
   * What a caller must be allowed: `none` needs no token; `read`, `run` and `apply` count for the application of the
   * path, or of the run; where neither names one, for all; `any`: a valid token, and the answer holds what it may see.
   */
  readonly scope: 'none' | 'any' | 'read' | 'run' | 'apply' | 'metrics' | 'admin'
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly headers?: Readonly<Record<string, z.ZodType>>
  readonly body?: {
    readonly schema: z.ZodType
    readonly types: readonly string[]
    readonly required: boolean
    /** Absent: what the platform says. */
    readonly mostBytes?: number
  }
  /** By status; errors are problems everywhere, and not told here. */
  readonly answers: Readonly<Record<number, EndpointAnswer>>
}

export interface EndpointAnswer {
  readonly description: string
  readonly schema?: z.ZodType
  /** Default: application/json. */
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const jsonType = 'application/json'
export const eventType = 'application/cloudevents+json'
export const eventBatchType = 'application/cloudevents-batch+json'
export const eventStreamType = 'text/event-stream'
