import { outputFormats } from '@bulkhead/connector-sdk'
import { fault, formatPath } from '@bulkhead/contract'
import type { ConnectorEntry } from '../catalog/catalog.ts'
import type { ChosenSource } from './chosen-source.ts'
import { chooseForm } from './form.ts'
import { computeGuarantee, keeps } from './guarantee.ts'
import type { Plan, PlannedConnection, PlannedOutput, PlannedSource } from './plan.ts'

type Capabilities = NonNullable<ConnectorEntry['manifest']['source']>

type Moving = Pick<PlannedSource, 'form' | 'formReason'> &
  Pick<Plan, 'guarantee' | 'guaranteeReasons' | 'consistency'>

/**
 * How the rows move, and what is promised about them.
 * @param reachable  connections whose files the source may read: they are fetched one after the other
 * @throws BulkheadError `output-unsupported`, `guarantee-unreachable`, `connector-role-missing`
 */
export function planMoving(
  { connector }: PlannedConnection,
  chosen: ChosenSource,
  output: PlannedOutput,
  reachable: PlannedSource['reachable'],
): Moving {
  const capabilities = connector.manifest.source
  if (capabilities === undefined)
    throw fault('connector-role-missing', `The connector ${connector.name} is no source`)
  const { job } = chosen
  const base = chosen.way === 'job' ? formatPath(['spec', 'jobs', chosen.name]) : ''
  const path = (field: string): string => (base === '' ? field : `${base}.${field}`)
  const others = Object.keys(reachable)
  const isOneMoment = others.length === 0 && readsOneMoment(capabilities, chosen.query)
  const { form, reason } = chooseForm({
    connector: connector.name,
    source: capabilities,
    process: job.process,
    format: output.format,
    csv: output.csv,
    split: output.split,
  })
  if (form === undefined)
    throw fault('output-unsupported', `${output.format} cannot be made from this source: ${reason}`, {
      path: path('output.format'),
      fix: `Choose another format; ${connector.name} can give ${formatsOf(connector)}`,
    })
  if (job.source.consistency === 'snapshot' && !isOneMoment)
    throw fault(
      'guarantee-unreachable',
      others.length === 0
        ? `The connector ${connector.name} cannot read one moment while others write${ofQuery(capabilities)}`
        : `Files of ${others.join(', ')} are fetched one after the other, which is not one moment`,
      {
        path: path('source.consistency'),
        fix:
          others.length === 0
            ? 'Set `consistency: any`, or read another source'
            : 'Set `consistency: any`, or use a connection that has files of its own alone',
      },
    )
  const { guarantee, reasons } = computeGuarantee({
    objects: output.split !== undefined || output.format === 'binary' ? 'several' : 'one',
    replayable: capabilities.replayable,
    snapshot: isOneMoment,
    process: job.process,
    attempts: job.retry.attempts,
  })
  if (job.guarantee !== undefined && !keeps(guarantee, job.guarantee))
    throw fault(
      'guarantee-unreachable',
      `${job.guarantee} is demanded, and ${guarantee} is what can be kept: ${reasons[0]}`,
      {
        path: path('guarantee'),
        fix: `Lower it to ${guarantee}, or leave out what the message names`,
      },
    )
  return {
    form,
    formReason: reason,
    guarantee,
    guaranteeReasons: reasons,
    consistency: isOneMoment ? 'snapshot' : 'none',
  }
}

/** Whether a read by this query sees one moment, as far as the connector declares. */
function readsOneMoment({ snapshot }: Capabilities, query: unknown): boolean {
  return snapshot === (typeof query === 'string' ? 'sql' : 'object') || snapshot === true
}

function ofQuery({ snapshot }: Capabilities): string {
  return snapshot === false ? '' : snapshot === 'object' ? ' by SQL' : ' by such a query'
}

function formatsOf({ manifest }: ConnectorEntry): string {
  const { forms = [], encodes = {} } = manifest.source ?? {}
  const encoded = Object.keys(encodes)
  const made = forms.some((form) => form !== 'bytes')
    ? outputFormats.filter((format) => format !== 'binary')
    : []
  return [...new Set([...encoded, ...made])].join(', ')
}
