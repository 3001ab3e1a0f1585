import { isBulkheadError } from '@bulkhead/connector-sdk'
import { type Delivery, fault, type Links, type SignedLinks } from '@bulkhead/contract'
import type { Runners } from '../dispatch/runners.ts'
import type { RunRecord } from '../repository/repository.ts'
import { type Handlers, ok } from './call.ts'
import { instant } from './views.ts'

/**
 * Links to results are made when they are asked for, and kept nowhere.
 * @param now  epoch milliseconds
 */
export function resultHandlers(
  runners: Pick<Runners, 'sign'>,
  now: () => number,
): Handlers<'makeLinks' | 'fetchFile'> {
  const sign = async ({ application, revision }: RunRecord, delivery: Delivery): Promise<SignedLinks> => {
    const links = await runners.sign(application, revision, delivery).catch(goneAsExpired)
    if (links.length !== delivery.files.length)
      throw fault('internal', `${links.length} links were made for ${delivery.files.length} files`)
    return links
  }
  return {
    async makeLinks({ run }) {
      const delivery = deliveryOf(run, now())
      const links = await sign(run, delivery)
      const warnings = links.flatMap(({ warning }) => (warning === undefined ? [] : [warning]))
      return ok({
        files: links.map(({ url, expiresAtMs }, index) => ({
          name: delivery.files[index]?.name ?? '',
          url,
          expiresAt: instant(expiresAtMs),
        })),
        warnings: [...new Set(warnings)],
      } satisfies Links)
    },
    async fetchFile({ run, params: { name } }) {
      const delivery = deliveryOf(run, now())
      const file = delivery.files.find((one) => one.name === name)
      if (file === undefined)
        throw fault('result-absent', 'The result of the run has no file of this name', { path: 'name' })
      const [link] = await sign(run, { ...delivery, files: [file] })
      // nothing on the way may keep it: the link is a credential
      return { status: 302, headers: { Location: link?.url ?? '' } }
    },
  }
}

/** Connectors of stores that look for an object before they link to it call it so when it is not there. */
const missing = /-object-missing$/

/** @throws BulkheadError `result-expired` for a result that somebody, or a rule of the store, removed; else what it got */
function goneAsExpired(error: unknown): never {
  if (!isBulkheadError(error) || !missing.test(error.code)) throw error
  throw fault('result-expired', 'The result is not in its store any more', { cause: error })
}

function deliveryOf({ state, delivery, resultGoneAtMs }: RunRecord, nowMs: number): Delivery {
  if (state === 'queued' || state === 'running')
    throw fault('run-not-over', `The run is ${state}, so it has no result yet`)
  if (resultGoneAtMs !== undefined || (delivery?.keptUntilMs ?? Infinity) <= nowMs)
    throw fault('result-expired', 'The result was removed by retention')
  if (delivery === undefined) throw fault('result-absent', `The run is ${state}, and has no result`)
  return delivery
}
