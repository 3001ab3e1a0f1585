import { type ConnectionContext, isBulkheadError, type Source } from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { call, type Connection, openConnection } from './connection.ts'
import { athenaError } from './errors.ts'
import { prepareExtract } from './extract.ts'

/** Checks the settings and loads the client. Nothing is sent before it is used. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const connection = await openConnection(context)
  const ended = context.signal
  return {
    check: (signal) => check(connection, AbortSignal.any([signal, ended])),
    prepare: (read, signal) => prepareExtract(connection, read, AbortSignal.any([signal, ended])),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

/** Asks for the workgroup. Who may not know it has been recognised all the same. */
async function check(connection: Connection, signal: AbortSignal): Promise<string> {
  const { athena, sdk, config, connectTimeoutMs } = connection
  const where = `workgroup ${config.workgroup} in ${config.region}`
  const late = AbortSignal.timeout(connectTimeoutMs)
  try {
    const { WorkGroup } = await call(
      { doing: `find the ${where}`, path: 'config.workgroup' },
      AbortSignal.any([signal, late]),
      (options) => athena.send(new sdk.GetWorkGroupCommand({ WorkGroup: config.workgroup }), options),
    )
    if (WorkGroup?.State === 'DISABLED')
      throw athenaError('athena-workgroup-unknown', `The ${where} is disabled`, { path: 'config.workgroup' })
    const engine = WorkGroup?.Configuration?.EngineVersion?.EffectiveEngineVersion
    const version = engine !== undefined && /^[\w .]{1,60}$/.test(engine) ? `, ${engine}` : ''
    return `Athena knows the keys and the ${where}${version}`
  } catch (error) {
    signal.throwIfAborted()
    if (late.aborted)
      throw athenaError('athena-timeout', `Athena in ${config.region} did not answer in time`, {
        path: 'config.endpoint',
        cause: error,
      })
    if (isBulkheadError(error) && error.code === 'athena-access-denied')
      return `Athena knows the keys, which may not look at the ${where}`
    throw error
  }
}
