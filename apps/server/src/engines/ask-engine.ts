import { spawn } from 'node:child_process'
import process from 'node:process'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import {
  apiVersion,
  bundleVersion,
  type EngineStatement,
  engineStatementSchema,
  fault,
  runnerProtocol,
} from '@bulkhead/contract'
import type { EngineBuild } from '@bulkhead/engine/platform/engine-build'

export interface AskOptions {
  /** It is killed when it has not answered by then. */
  readonly timeMs: number
  readonly signal?: AbortSignal
}

/** More is no answer (I8). */
const mostBytes = 64 * 1024
/** In a checkout, where sources are found. */
const inherited = process.execArgv.filter((flag) => flag.startsWith('--conditions='))

/**
 * Has a build say what it is, in a process of its own that knows nothing: what throws, hangs, or is something else than its
 * package says, is found out here and not by the run of an application (I7).
 *
 * @throws BulkheadError `engine-unusable`
 */
export async function askEngine(build: EngineBuild, options: AskOptions): Promise<void> {
  const refused = mismatch(build, statementOf(await describe(build.entry, options)))
  if (refused !== undefined) throw unusable(refused)
}

/** Why it does not fit this server; undefined when it does. */
function mismatch({ version }: EngineBuild, said: EngineStatement): string | undefined {
  if (said.version !== version)
    return `it says that it is version ${said.version}, and its package ${version}`
  if (!said.protocols.includes(runnerProtocol))
    return `it speaks version ${said.protocols.join(', ')} of the runner API, and this server ${runnerProtocol}`
  if (!said.bundles.includes(bundleVersion))
    return `it reads bundles of version ${said.bundles.join(', ')}, and this server makes ${bundleVersion}`
  if (!said.manifests.includes(apiVersion))
    return `it reads manifests of ${said.manifests.join(', ')}, and those here are ${apiVersion}`
  return undefined
}

function statementOf(text: string): EngineStatement {
  try {
    return engineStatementSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw unusable('it does not say which build it is', cause)
  }
}

function describe(entry: string, { timeMs, signal }: AskOptions): Promise<string> {
  const { PATH, HOME, TMPDIR } = process.env
  const child = spawn(process.execPath, [...inherited, entry, '--describe'], {
    env: { PATH, HOME, TMPDIR },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeMs,
    killSignal: 'SIGKILL',
    ...(signal !== undefined && { signal }),
  })
  let said = ''
  let last = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part
    if (said.length > mostBytes) child.kill('SIGKILL')
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => void (last = (last + part).slice(-mostBytes)))
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  child.once('error', (cause) => reject(unusable('it could not be started', cause)))
  child.once('close', (code, killed) => {
    if (said.length > mostBytes) reject(unusable('it says more than any build has to say'))
    else if (killed !== null) reject(unusable(`it did not say which build it is in ${timeMs / 1000} s`))
    else if (code !== 0) reject(unusable(`it ended with exit code ${code}${reasonIn(last)}`))
    else resolve(said)
  })
  return promise
}

/** The line of an error that nobody caught. */
function reasonIn(text: string): string {
  const line = text.split('\n').find((one) => /^(?:\w*Error\b|.*\[ERR_)/.test(one))
  return line === undefined ? '' : `: ${line.slice(0, 300)}`
}

function unusable(reason: string, cause?: unknown): BulkheadError {
  return fault('engine-unusable', `The engine cannot be used: ${reason}`, { cause })
}
