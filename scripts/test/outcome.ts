/** What a check says: one test, or one static check, which counts like a test. */
export interface Outcome {
  readonly name: string
  /** Relative to the checkout; undefined for a check of the whole. */
  readonly file?: string | undefined
  readonly status: 'passed' | 'failed' | 'skipped'
  /** The error in full, or the reason of the skip. */
  readonly detail?: string | undefined
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function countOf(outcomes: readonly Outcome[]): Counts {
  const of = (status: Outcome['status']): number =>
    outcomes.filter((outcome) => outcome.status === status).length
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') }
}

/** `12 passed, 0 failed`, and the skipped ones when there are any. */
export function inWords({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** A rule over nothing proves nothing: a phase that ran no check has failed. */
export function notEmpty(phase: string, outcomes: readonly Outcome[]): readonly Outcome[] {
  if (outcomes.length > 0) return outcomes
  return [
    {
      name: `the phase "${phase}" ran no test`,
      status: 'failed',
      detail: 'No file fits, or no file holds a test',
    },
  ]
}

/** How the reason of a skip begins that is counted and shown everywhere: whether containers can run is the machine's affair. */
const noContainer = 'No container: '

/** On a machine that decides (`CI=true`) a skipped test is a failed one. */
export function strict(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.map((outcome) =>
    outcome.status === 'skipped' && outcome.detail?.startsWith(noContainer) !== true
      ? {
          ...outcome,
          status: 'failed',
          detail: `Skipped, which CI=true does not allow: ${outcome.detail ?? ''}`,
        }
      : outcome,
  )
}
