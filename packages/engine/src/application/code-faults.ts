import { stripTypeScriptTypes } from 'node:module'
import type { ErrorDetails } from '@bulkhead/connector-sdk'
import { faultDetails, formatPath, type Job } from '@bulkhead/contract'
import type { Application } from './application.ts'

/** A file of code that a job names. */
interface NamedCode {
  readonly file: string
  /** Where the manifest names it. */
  readonly path: string
  readonly code: 'map-invalid' | 'prepare-invalid'
}

/**
 * What can be told of an application's code without running it: its syntax, and that there is a default export. Types are
 * not checked: an editor does that, with the types of the SDK.
 */
export function codeFaults({ manifest, files }: Application): readonly ErrorDetails[] {
  return Object.entries(manifest.spec.jobs)
    .flatMap(([name, job]) => namedCode(name, job))
    .flatMap((named) => {
      const bytes = files.get(named.file)?.bytes
      return bytes === undefined ? [] : faultsOfCode(named, new TextDecoder().decode(bytes))
    })
}

function namedCode(name: string, { prepare, process }: Job): NamedCode[] {
  const at = (...rest: (string | number)[]): string => formatPath(['spec', 'jobs', name, ...rest])
  const found: NamedCode[] = []
  if (typeof prepare === 'string') found.push({ file: prepare, path: at('prepare'), code: 'prepare-invalid' })
  else if (prepare !== undefined && 'file' in prepare)
    found.push({ file: prepare.file, path: at('prepare', 'file'), code: 'prepare-invalid' })
  for (const [index, step] of process.entries())
    if ('map' in step) found.push({ file: step.map, path: at('process', index, 'map'), code: 'map-invalid' })
  return found
}

function faultsOfCode({ file, path, code }: NamedCode, text: string): ErrorDetails[] {
  let plain: string
  try {
    plain = withoutTypes(text)
  } catch (error) {
    const [reason = ''] = (error as Error).message.trim().split('\n')
    return [
      faultDetails(code, `${file} cannot be read as code: ${reason}`, { path, fix: 'Correct the code' }),
    ]
  }
  // one in a comment passes here, and is found out by the first run
  return /\bexport\s+default\b|\bexport\s*(\*\s*as\s+default\b|\{[^}]*\bdefault\b)/.test(plain)
    ? []
    : [faultDetails(code, `${file} has no default export`, { path })]
}

/** Node says once that this may change, on standard error, where the answer of a command may go. */
function withoutTypes(text: string): string {
  const warn = Object.getOwnPropertyDescriptor(process, 'emitWarning')
  Object.defineProperty(process, 'emitWarning', { ...warn, value: () => undefined })
  try {
    return stripTypeScriptTypes(text)
  } finally {
    if (warn !== undefined) Object.defineProperty(process, 'emitWarning', warn)
  }
}
