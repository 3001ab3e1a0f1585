import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { SpanOptions, Tracing } from './tracing.ts'

export interface OtlpOptions {
  /** Base of the collector, or its whole address for traces. */
  readonly endpoint: string
  /** Share of the traces that begin here; those of callers are kept or not as the caller says. */
  readonly ratio: number
  readonly version: string
  /** Tells this server from others. */
  readonly instance: string
}

/** Spans that wait: a collector that is away costs no more than these (I8). */
const MOST_WAITING = 4_096
const BATCH = 512
const EVERY_MS = 2_000
const PATIENCE_MS = 5_000

const kinds: Readonly<Record<SpanOptions['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
}

/**
 * Sends spans to a collector by OTLP over HTTP, as JSON. Nothing is registered globally: parents are passed on as W3C
 * trace contexts, because a request goes through queue and database. Headers for the collector come from
 * OTEL_EXPORTER_OTLP_HEADERS, as everywhere.
 *
 * @throws BulkheadError `traces-unusable`
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function openOtlpTracing({ endpoint, ratio, version, instance }: OtlpOptions): Tracing {
  const exporter = new OTLPTraceExporter({ url: tracesUrl(endpoint), timeoutMillis: PATIENCE_MS })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'bulkhead',
      'service.version': version,
      'service.instance.id': instance,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanLimits: { attributeCountLimit: 32, attributeValueLengthLimit: 500, eventCountLimit: 8 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: MOST_WAITING,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: EVERY_MS,
        exportTimeoutMillis: PATIENCE_MS,
      }),
    ],
  })
  const tracer = provider.getTracer('bulkhead', version)
  const begin = ({ name, kind, parent, attributes }: SpanOptions, startMs?: number): Span =>
    tracer.startSpan(
      name,
      {
        kind: kinds[kind],
        attributes: attributes as Attributes,
        ...(startMs !== undefined && { startTime: startMs }),
      },
      contextOf(parent),
    )

  return {
    async span(options, work) {
      if (options.isTraced === false) return await work(options.parent)
      const span = begin(options)
      try {
        return await work(traceparentOf(span))
      } catch (error) {
        // a code, and no message: that is for the caller
        fail(span, isBulkheadError(error) ? error.code : 'internal')
        throw error
      } finally {
        span.end()
      }
    },
    record({ startMs, endMs, error, ...options }) {
      if (options.isTraced === false) return options.parent
      const span = begin(options, startMs)
      if (error !== undefined) fail(span, error)
      span.end(Math.max(startMs, endMs))
      return traceparentOf(span)
    },
    async close() {
      // what cannot be sent now is lost, and no reason to stay
      await provider.shutdown().catch(() => undefined)
    },
  }
}

function fail(span: Span, code: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
  span.setAttribute('error.type', code)
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags ?? '00', 16) & TraceFlags.SAMPLED,
    isRemote: true,
  })
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

/** What the variables of OpenTelemetry call an endpoint has no path of its own for traces. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw fault('traces-unusable', 'The endpoint of traces is not an http or https address', {
      path: 'spec.observability.traces.endpoint',
    })
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
  return url.href
}
