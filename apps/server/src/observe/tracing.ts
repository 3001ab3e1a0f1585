import type { PlatformSpec } from '@bulkhead/contract'

/** Where the time of a request goes, told to an OpenTelemetry collector; off unless configured. */
export interface Tracing {
  /**
   * Does work within a span, which fails when the work does.
   * @param work  gets the W3C trace context of the span, to be passed on
   */
  span<T>(span: SpanOptions, work: (traceparent: string | undefined) => Promise<T>): Promise<T>
  /** A span that is over. @returns its W3C trace context */
  record(
    span: SpanOptions & { readonly startMs: number; readonly endMs: number; readonly error?: string },
  ): string | undefined
  /** Sends what is left. */
  close(): Promise<void>
}

export interface SpanOptions {
  readonly name: string
  readonly kind: 'server' | 'internal' | 'producer' | 'consumer' | 'client'
  /** W3C trace context of what it belongs to; undefined begins a trace. */
  readonly parent: string | undefined
  /** No row data, parameters or secrets. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** False: the work is done without a span. Default true. */
  readonly isTraced?: boolean
}

/** Passes the trace context of callers on, and records nothing. */
export const noTracing: Tracing = {
  span: ({ parent }, work) => work(parent),
  record: ({ parent }) => parent,
  close: () => Promise.resolve(),
}

/**
 * Tracing as the platform says. What it needs is loaded when it is on.
 * @throws BulkheadError `traces-unusable`
 */
export async function createTracing(
  traces: PlatformSpec['observability']['traces'],
  about: { readonly version: string; readonly instance: string },
): Promise<Tracing> {
  if (traces === undefined) return noTracing
  const { openOtlpTracing } = await import('./otlp-tracing.ts')
  return openOtlpTracing({ ...traces, ...about })
}
