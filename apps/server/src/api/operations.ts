import { type HealthReport, openApiDocument } from '@bulkhead/contract'
import type { Health } from '../observe/health.ts'
import type { Metrics } from '../observe/metrics.ts'
import { type Answer, type Handlers, ok } from './call.ts'

type OperationEndpoints = 'healthLive' | 'healthReady' | 'healthStartup' | 'showMetrics' | 'showOpenApi'

/** What those who run the server ask it. */
export function operationHandlers(
  health: Health,
  metrics: Pick<Metrics, 'expose'>,
  version: string,
): Handlers<OperationEndpoints> {
  const document = openApiDocument(version)
  return {
    healthLive: () => Promise.resolve(ok({ status: 'pass', checks: [] } satisfies HealthReport)),
    healthReady: async () => healthAnswer(await health.ready()),
    healthStartup: () => Promise.resolve(healthAnswer(health.startup())),
    async showMetrics() {
      const { type, text } = await metrics.expose()
      return { status: 200, body: text, type }
    },
    showOpenApi: () => Promise.resolve(ok(document)),
  }
}

function healthAnswer(report: HealthReport): Answer {
  return { status: report.status === 'pass' ? 200 : 503, body: report }
}
