import type { Field, Form, Row } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Plan } from '../plan/plan.ts'
import { rowReader } from '../transform/columns-to-rows.ts'
import { createTransform } from '../transform/transform.ts'
import { loadSteps } from './load-steps.ts'
import { openWithFallbacks } from './open-with-fallbacks.ts'
import type { RunContext } from './run-context.ts'
import { runServices } from './run-services.ts'
import { deadline, iterateUntilStopped, runError } from './stop.ts'

/** The first rows of a result, as the application's code would see them. */
export interface Preview {
  readonly fields: readonly Field[]
  readonly rows: readonly Row[]
  /** Rows that `validate` left out on the way to these. */
  readonly rejected: number
}

/**
 * Runs the query for a few rows, with all its steps, and writes nothing.
 *
 * @throws BulkheadError as `runPlan` does; `output-unsupported` when the source only copies files
 */
export async function previewPlan(plan: Plan, rows: number, context: RunContext): Promise<Preview> {
  const limit = new AbortController()
  using time = deadline(plan.limits.timeMs, () =>
    fault('run-too-long', `The preview took longer than ${plan.limits.timeMs / 1000} s`),
  )
  const signal = AbortSignal.any([context.signal, time.signal, limit.signal])
  try {
    await using shared = runServices(plan, context, signal, limit)
    const steps = await loadSteps(plan, context.application)
    const { extract: opened } = await openWithFallbacks(
      plan.source,
      {
        query: plan.source.query,
        parameters: plan.source.parameters,
        form: rowForm(plan),
        output: { format: plan.output.format, csv: plan.output.csv },
        // code and validation may leave rows out, so that more have to be read
        maxRows: steps.every(({ kind }) => kind === 'select') ? rows : undefined,
        batchRows: Math.min(plan.chunk.rows, rows),
        batchBytes: plan.chunk.bytes,
      },
      shared.services,
    )
    await using extract = opened
    const transform = await createTransform(steps, extract.fields, plan.chunk.bytes)
    const found: Row[] = []
    let rejected = 0
    for await (const batch of iterateUntilStopped(extract.read(signal), signal)) {
      if (batch.form === 'bytes') throw new Error('Bytes cannot be shown as rows')
      for await (const part of iterateUntilStopped(transform.apply(batch), signal)) {
        rejected += part.rejected.length
        if (part.batch === undefined) continue
        const read = rowReader(transform.finalFields(), part.batch)
        for (let row = 0; row < part.batch.rows && found.length < rows; row++) found.push(read(row))
      }
      if (found.length >= rows) break
    }
    return { fields: transform.finalFields(), rows: found, rejected }
  } catch (error) {
    const known = runError(error, signal)
    throw context.diagnose?.(known) ?? known
  }
}

function rowForm({ source }: Plan): Form {
  const form = source.connector.manifest.source?.forms.find((candidate) => candidate !== 'bytes')
  if (form !== undefined) return form
  throw fault('output-unsupported', `"${source.name}" copies files as they are, and knows no rows`, {
    fix: 'Read the files by a connector that knows their rows, such as duckdb',
  })
}
