import { Cron } from 'croner'
import { fault } from '@bulkhead/contract'

/** The times of a schedule. */
export interface Schedule {
  /** Epoch milliseconds of the first time after this one; undefined: there is none. */
  next(afterMs: number): number | undefined
  /** The latest times after the one and up to the other, oldest first, at most so many. */
  between(afterMs: number, upToMs: number, most: number): readonly number[]
}

/**
 * @param pattern   five fields, or six with seconds in front
 * @param timeZone  IANA name; a time that the clocks leave out in spring comes when they go on, one that comes twice
 *                  in autumn comes once
 * @throws BulkheadError `schedule-invalid`
 */
export function readSchedule(pattern: string, timeZone: string): Schedule {
  let cron: Cron
  try {
    // not started: it has no function, and makes no timer
    cron = new Cron(pattern, { timezone: timeZone, mode: '5-or-6-parts', paused: true })
    cron.nextRun() // the zone is looked up here
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    throw fault(
      'schedule-invalid',
      `The schedule "${pattern}" in ${timeZone} cannot be understood${reason}`,
      {
        cause,
      },
    )
  }
  const next = (afterMs: number): number | undefined => cron.nextRun(new Date(afterMs))?.getTime()
  return {
    next,
    between(afterMs, upToMs, most) {
      if (most === 0) return []
      // looking back finds where to begin; the times themselves are always those of looking forward
      const [oldest = afterMs] = cron
        .previousRuns(most + 1, new Date(upToMs + 1000))
        .map((date) => date.getTime() - 1)
        .toSorted((a, b) => a - b)
      const times: number[] = []
      let time = next(Math.max(oldest, afterMs))
      for (; time !== undefined && time <= upToMs; time = next(time)) times.push(time)
      return times.slice(-most)
    },
  }
}
