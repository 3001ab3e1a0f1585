import type { ParameterValue } from '@bulkhead/connector-sdk'
import { withoutSecrets } from '../catalog/validate-config.ts'
import type { Plan, PlannedConnection, PlannedOutput } from './plan.ts'

/** A plan as people and programs read it: everything that was decided, and no secret (I6). */

/** The plan as plain data, for `--json`. 64-bit numbers are text. */
export function planAsData(plan: Plan): Readonly<Record<string, unknown>> {
  const { source, store, job, limits, network, preparation, ...rest } = plan
  return {
    application: rest.application,
    ...(job !== undefined && { job }),
    ...(Object.keys(plan.flags).length > 0 && { flags: plan.flags }),
    ...(preparation !== undefined && {
      prepare: {
        by: preparation.by,
        timeoutMs: preparation.timeoutMs,
        connections: preparation.connections,
        asked: preparation.result !== undefined,
      },
    }),
    source: {
      ...connectionAsData(source),
      breaker: source.breaker,
      query: source.query,
      parameters: Object.fromEntries(
        Object.entries(source.parameters).map(([name, value]) => [
          name,
          shownParameter(source, name, parameterAsData(value)),
        ]),
      ),
      form: source.form,
      formReason: source.formReason,
      ...(source.fallbacks.length > 0 && { fallbacks: source.fallbacks.map(connectionAsData) }),
      reachable: Object.fromEntries(
        Object.entries(source.reachable).map(([name, connection]) => [name, connectionAsData(connection)]),
      ),
    },
    process: plan.process,
    output: withoutUndefined(plan.output),
    store: connectionAsData(store),
    urlExpiresInSeconds: plan.urlExpiresInSeconds,
    ...(plan.keptForMs !== undefined && { keptForSeconds: plan.keptForMs / 1000 }),
    chunk: plan.chunk,
    retry: plan.retry,
    limits: withoutUndefined(limits),
    network: withoutUndefined(network),
    guarantee: plan.guarantee,
    guaranteeReasons: plan.guaranteeReasons,
    consistency: plan.consistency,
    warnings: plan.warnings,
  }
}

/** The plan as lines of text: a label, then what was decided and why. */
export function describePlan(plan: Plan): string {
  const { source, store, output, limits, network } = plan
  const lines: (readonly [label: string, text: string])[] = [
    ['Application', plan.application],
    ['Job', plan.job ?? 'none: the request brings its own query'],
    ...flagLines(plan),
    ...preparationLines(plan),
    ['Source', connectionText(source)],
    ...source.fallbacks.map(
      (connection) => ['', `or ${connectionText(connection)}, when it cannot be reached`] as const,
    ),
    ...Object.values(source.reachable).map(
      (connection) => ['', `reads files of ${connectionText(connection)}`] as const,
    ),
    [
      'Parameters',
      Object.entries(source.parameters)
        .map(([name, value]) => `${name} = ${shownParameter(source, name, parameterText(value))}`)
        .join(', ') || 'none',
    ],
    ['Form', `${source.form}: ${source.formReason}`],
    ['Process', plan.process.map(stepText).join(', then ') || 'nothing'],
    ['Output', outputText(output)],
    ['Store', connectionText(store)],
    ['Link', `valid for ${durationText(plan.urlExpiresInSeconds * 1000)}`],
    ...(plan.keptForMs === undefined ? [] : [['Kept', `for ${durationText(plan.keptForMs)}`] as const]),
    ['Guarantee', plan.guarantee],
    ...plan.guaranteeReasons.map((reason) => ['', reason] as const),
    [
      'Consistency',
      plan.consistency === 'snapshot' ? 'one moment of the source' : 'whatever is there when it is read',
    ],
    [
      'Limits',
      [
        limits.rows === undefined ? 'any number of rows' : `${limits.rows} rows`,
        limits.bytes === undefined ? 'any size' : sizeText(limits.bytes),
        durationText(limits.timeMs),
      ].join(', '),
    ],
    [
      'Retry',
      plan.retry.attempts === 1
        ? 'one attempt'
        : `up to ${plan.retry.attempts} attempts within ${durationText(plan.retry.withinMs)}`,
    ],
    [
      'Network',
      `${network.allow === undefined ? 'everything' : network.allow.join(', ')}${network.allowLoopback ? ', loopback too' : ', no loopback or metadata addresses'}`,
    ],
    ...plan.warnings.map((warning, index) => [index === 0 ? 'Warnings' : '', warning] as const),
  ]
  const width = Math.max(...lines.map(([label]) => label.length)) + 2
  return lines.map(([label, text]) => `${label.padEnd(width)}${text}`).join('\n')
}

function flagLines({ flags }: Plan): readonly (readonly [label: string, text: string])[] {
  const stand = Object.entries(flags).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  return stand.length === 0 ? [] : [['Flags', stand.join(', ')]]
}

function preparationLines({ preparation }: Plan): readonly (readonly [label: string, text: string])[] {
  if (preparation === undefined) return []
  const { by, timeoutMs, connections, result } = preparation
  const time = `within ${durationText(timeoutMs)}`
  if (result !== undefined) return [['Prepared', `by ${by}`]]
  return [
    ['Prepare', `by ${by}, ${time}, before anything is opened; it may choose ${connections.join(', ')}`],
    ['', 'and another query, parameters and file name than those below'],
  ]
}

/** What may be told of a parameter: nothing of one that is marked as secret (I6). */
export function shownParameter<T>(
  { secretParameters }: Pick<Plan['source'], 'secretParameters'>,
  name: string,
  value: T,
): T | '[secret]' {
  return secretParameters.includes(name) ? '[secret]' : value
}

function connectionAsData({
  name,
  connector,
  config,
  limits,
}: PlannedConnection): Readonly<Record<string, unknown>> {
  return {
    name,
    connector: connector.name,
    version: connector.version,
    config: withoutSecrets(connector, config),
    limits,
  }
}

function connectionText({ name, connector }: PlannedConnection): string {
  return `${name} (${connector.name} ${connector.version})`
}

function outputText({
  format,
  compression,
  compressionLevel,
  fileName,
  split,
  ageRecipients,
}: PlannedOutput): string {
  const parts = [
    format === 'binary' ? 'files as they are' : `${fileName}: ${format}`,
    ...(compression === 'none' ? [] : [`${compression} level ${compressionLevel}`]),
    ...(split?.rows === undefined ? [] : [`a new file every ${split.rows} rows`]),
    ...(split?.bytes === undefined ? [] : [`a new file every ${sizeText(split.bytes)}`]),
    ...(ageRecipients.length === 0 ? [] : [`encrypted to ${ageRecipients.length} age keys`]),
  ]
  return parts.join(', ')
}

function stepText(step: Plan['process'][number]): string {
  if ('select' in step) return `select ${step.select.join(', ')}`
  if ('map' in step) return `map by ${step.map}`
  return `validate by ${step.validate.schema}, ${step.validate.onInvalid} what does not match`
}

/** As JSON can hold it: 64-bit numbers are text. */
export function parameterAsData(value: ParameterValue): unknown {
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'bigint' ? item.toString() : (item as unknown)))
  return typeof value === 'bigint' ? value.toString() : value
}

function parameterText(value: ParameterValue): string {
  const text = JSON.stringify(parameterAsData(value))
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** `1.5 GiB` */
function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${Number((bytes / 2 ** (10 * power)).toFixed(1))} ${units[power]}`
}

/** `1 d 2 h`, without what is zero. */
function durationText(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const
  let rest = ms
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count === 0 ? [] : [`${count} ${unit}`]
  })
  return parts.join(' ') || `${ms} ms`
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Partial<T>
}
