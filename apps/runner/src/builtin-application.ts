import { applicationSchema, fault, formatPath } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import builtin from './builtin-application.json' with { type: 'json' }

/**
 * The application of requests that name none: ad hoc requests with every installed connector, for whoever may
 * start a process on this machine. A server never has it.
 *
 * @throws BulkheadError `environment-not-found` when one is asked for
 */
export function builtinApplication(choice: {
  readonly workingFolder: string
  readonly environment?: string | undefined
}): Application {
  const { workingFolder, environment } = choice
  if (environment !== undefined)
    throw fault(
      'environment-not-found',
      `The built-in application has no environment ${formatPath([environment])}`,
      { fix: 'Leave the environment out, or name an application' },
    )
  const manifest = applicationSchema.parse(builtin)
  return {
    name: manifest.metadata.name,
    folder: workingFolder,
    manifest,
    environment: undefined,
    variables: [],
    files: new Map(),
    lock: undefined,
    platform: { allowLoopback: true },
  }
}
