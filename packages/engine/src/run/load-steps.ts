import type { MapContext } from '@bulkhead/connector-sdk'
import type { ProcessStep } from '@bulkhead/contract'
import { fault, formatPath } from '@bulkhead/contract'
import type { Application } from '../application/application.ts'
import type { Plan } from '../plan/plan.ts'
import type { TransformStep } from '../transform/step.ts'
import { loadMap } from './load-map.ts'

/**
 * Loads the code and the schemas that the steps of a plan name.
 *
 * @throws BulkheadError `map-invalid`, `manifest-invalid`, `file-not-found`, `file-outside-application`
 */
export async function loadSteps(
  { process, job, flags }: Pick<Plan, 'process' | 'job' | 'flags'>,
  application: Pick<Application, 'folder' | 'files'>,
): Promise<readonly TransformStep[]> {
  const base = job === undefined ? 'process' : formatPath(['spec', 'jobs', job, 'process'])
  const context: MapContext = Object.freeze({ flags: Object.freeze({ ...flags }) })
  return Promise.all(process.map((step, index) => loadStep(step, application, `${base}[${index}]`, context)))
}

async function loadStep(
  step: ProcessStep,
  application: Pick<Application, 'folder' | 'files'>,
  place: string,
  context: MapContext,
): Promise<TransformStep> {
  if ('select' in step) return { kind: 'select', names: step.select, path: `${place}.select` }
  if ('map' in step) {
    const path = `${place}.map`
    const { map, fields } = await loadMap(application.folder, step.map, path)
    return { kind: 'map', path, map: (row) => map(row, context), fields }
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
