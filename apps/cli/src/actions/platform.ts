import { resolve } from 'node:path'
import type { ApplicationChoice, OpenLinks, ProcessOptions } from '@bulkhead/runner'
import { logOf, type Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What this command, as the platform of one machine, gives to the runner. */
export function processOptions(terminal: Terminal, report: Reporter): ProcessOptions {
  return {
    environment: terminal.environment,
    log: logOf(report),
    signal: terminal.signal,
  }
}

/** The application that a command line names; the built-in one when it names none. */
export function applicationChoice(
  terminal: Terminal,
  options: { readonly application?: string; readonly environment?: string; readonly out?: string },
): ApplicationChoice {
  return {
    folder: options.application === undefined ? undefined : resolve(terminal.folder, options.application),
    environment: options.environment,
    out: options.out,
    workingFolder: terminal.folder,
    variables: terminal.environment,
  }
}

/** The master key of links is read here, and a run gets no more than it may sign with (I7). */
export function openLinks({ environment }: Terminal): OpenLinks {
  return async (application, folders) => {
    const [{ grantLinks }, { signerOf }, { stateFolder }] = await Promise.all([
      import('@bulkhead/engine/links/grant-links'),
      import('@bulkhead/engine/links/link-signer'),
      import('@bulkhead/engine/links/state-folder'),
    ])
    const grant = await grantLinks({
      stateFolder: stateFolder(environment),
      application,
      folders,
      baseUrl: environment['BULKHEAD_FILES_URL'],
    })
    return signerOf(grant, Date.now)
  }
}
