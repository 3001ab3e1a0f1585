import { BulkheadError, sizeInBytes } from '@bulkhead/connector-sdk'

/** Durations are ISO 8601 (`PT30M`, `P7D`), sizes `512MiB` or `512Mi`: one reader for each. */

const durationPattern =
  /^P(?!$)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Longer ones are slips of the pen, and would leave the range of dates and timers. */
const longestMs = 3660 * 86_400_000

/**
 * Milliseconds of a duration, at most ten years. Years and months have no fixed length and are refused.
 * @see ISO 8601-1:2019, 5.5.2
 * @throws BulkheadError `duration-invalid`
 */
export function parseDuration(text: string): number {
  const match = durationPattern.exec(text)
  if (match === null)
    throw invalid(
      `Not a duration: "${text.slice(0, 40)}"`,
      'Write an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as PT30M or P7D',
    )
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0))
  const ms =
    ((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 +
    Math.round((seconds ?? 0) * 1000)
  if (ms > longestMs)
    throw invalid(`Longer than ten years: "${text.slice(0, 40)}"`, 'Write a shorter one, such as P365D')
  return ms
}

function invalid(message: string, fix: string): BulkheadError {
  return new BulkheadError({ kind: 'config', code: 'duration-invalid', message, fix })
}

/**
 * Bytes of a size: `512MiB` and `512Mi` are binary, `512MB` and `512M` decimal.
 * @throws BulkheadError `size-invalid`
 */
export function parseSize(text: string | number): number {
  const bytes = sizeInBytes(String(text))
  if (!Number.isSafeInteger(bytes))
    throw new BulkheadError({
      kind: 'config',
      code: 'size-invalid',
      message: `Not a size: "${String(text).slice(0, 40)}"`,
      fix: 'Write a number with a unit, such as 512MiB or 20GiB',
    })
  return bytes
}
