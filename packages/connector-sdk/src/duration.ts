import { z } from './schema.ts'

/**
 * Durations in the settings of connectors: ISO 8601 in days, hours, minutes and seconds. What is shorter or longer than the
 * system takes is refused when a manifest is read, and never cut: the bounds stand in `connector.json`, as marks beside
 * `format: duration`, and the platform reads them by `durationProblem`.
 */

export interface DurationBounds {
  /** Shortest that is taken, as ISO 8601. */
  readonly shortest: string
  /** Longest that is taken, as ISO 8601. */
  readonly longest: string
}

/**
 * A field for a duration between bounds, both included.
 * @param fractions  whether parts of a second are taken, down to a thousandth; default: no
 */
export function durationField({
  shortest,
  longest,
  fractions = false,
}: DurationBounds & { readonly fractions?: boolean }): z.ZodString {
  const bounds = { shortest, longest }
  return z
    .string()
    .max(40)
    .regex(fractions ? withFractions : whole, `must be a duration such as ${example}`)
    .refine((text) => !withFractions.test(text) || durationProblem(text, bounds) === undefined, {
      error: ({ input }) => durationProblem(String(input), bounds) ?? '',
    })
    .meta({ format: 'duration', ...bounds })
}

/** Milliseconds of a duration that its field has checked. */
export function durationMs(text: string): number {
  const [days, hours, minutes, seconds] = (withFractions.exec(text) ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0))
  return (
    (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + Math.round((seconds ?? 0) * 1000)
  )
}

/** Why a text is no duration between the bounds, as the end of a sentence; undefined when it is one. */
export function durationProblem(text: string, { shortest, longest }: DurationBounds): string | undefined {
  if (!withFractions.test(text)) return `must be a duration such as ${example}`
  const ms = durationMs(text)
  if (ms < durationMs(shortest)) return `must be ${shortest} or longer`
  return ms > durationMs(longest) ? `must be ${longest} or shorter` : undefined
}

const example = 'PT1M30S'
const whole = /^P(?!$)(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,10})S)?)?$/
const withFractions =
  /^P(?!$)(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,10}(?:\.\d{1,3})?)S)?)?$/
