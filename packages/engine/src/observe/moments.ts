import { channel } from 'node:diagnostics_channel'

/**
 * The instants between which a process may die without harm: each lies beside a step that is durable when it is
 * over. They are published on diagnostics channels `bulkhead:<moment>`, where nobody listens but tests that kill
 * the process there.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 */
export const moments = [
  'before-accept',
  'after-accept',
  'before-claim',
  'after-claim',
  'before-complete',
  'after-complete',
  'before-finish',
  'after-finish',
  'before-send',
  'after-send',
] as const
export type Moment = (typeof moments)[number]

/** The same of what people change: a roll-out, or several applications at once. `within-change` lies between two of its statements. */
export const changeMoments = ['before-change', 'within-change', 'after-change'] as const
export type ChangeMoment = (typeof changeMoments)[number]

const channels = Object.fromEntries(
  [...moments, ...changeMoments].map((moment) => [moment, channel(`bulkhead:${moment}`)]),
) as Readonly<Record<Moment | ChangeMoment, ReturnType<typeof channel>>>

/** Costs nothing while nobody listens. */
export function reach(moment: Moment | ChangeMoment): void {
  const { [moment]: told } = channels
  if (told.hasSubscribers) told.publish({ moment })
}
