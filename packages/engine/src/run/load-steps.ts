import type { ProcessStep } from '@bulkhead/contract'
import { fault, formatPath } from '@bulkhead/contract'
import type { Application } from '../application/application.ts'
import type { Plan } from '../plan/plan.ts'
import type { TransformStep } from '../transform/step.ts'
import { loadMap } from './load-map.ts'

/**
 * Loads the code and the schemas that the steps of `process` name.
 *
 * @param base  where the steps stand: `spec.jobs.invoices.process`
 * @throws BulkheadError `map-invalid`, `manifest-invalid`, `file-not-found`, `file-outside-application`
 */
export async function loadSteps(
  steps: readonly ProcessStep[],
  application: Pick<Application, 'folder' | 'files'>,
  base: string,
): Promise<readonly TransformStep[]> {
  return Promise.all(steps.map((step, index) => loadStep(step, application, `${base}[${index}]`)))
}

/** Where the steps of a plan stand, for errors. */
export function processPath({ job }: Pick<Plan, 'job'>): string {
  return job === undefined ? 'process' : formatPath(['spec', 'jobs', job, 'process'])
}

async function loadStep(
  step: ProcessStep,
  application: Pick<Application, 'folder' | 'files'>,
  place: string,
): Promise<TransformStep> {
  if ('select' in step) return { kind: 'select', names: step.select, path: `${place}.select` }
  if ('map' in step) {
    const path = `${place}.map`
    return { kind: 'map', path, ...(await loadMap(application.folder, step.map, path)) }
  }
  const path = `${place}.validate`
  const { schema, onInvalid } = step.validate
  return { kind: 'validate', schema: readSchema(application, schema, `${path}.schema`), onInvalid, path }
}

function readSchema({ files }: Pick<Application, 'files'>, file: string, path: string): unknown {
  const found = files.get(file)
  if (found === undefined) throw fault('file-not-found', `The file ${file} is not there`, { path })
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(found.bytes))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw fault('manifest-invalid', `${file} is not JSON: ${reason}`, {
      path,
      cause,
      fix: 'Correct the file; it holds a JSON Schema',
    })
  }
}
