/** By this variable a supervisor tells a run that it is supervised. */
const variable = 'BULKHEAD_SUPERVISED'

/** What a supervised process is told. */
export interface Supervised {
  readonly runId: string
  /** The process that ran the request has ended without an answer: answer for it. */
  readonly died?: { readonly how: string; readonly asked: boolean } | undefined
}

export function tellSupervised(
  environment: Readonly<Record<string, string | undefined>>,
  told: Supervised,
): Record<string, string | undefined> {
  return { ...environment, [variable]: JSON.stringify(told) }
}

/** Undefined for a process that nobody supervises. Taken out, so that no child of it believes it too. */
export function takeSupervised(environment: NodeJS.ProcessEnv): Supervised | undefined {
  const text = environment[variable]
  if (text === undefined) return undefined
  delete environment[variable]
  return JSON.parse(text) as Supervised
}

export function isSupervised(environment: Readonly<Record<string, string | undefined>>): boolean {
  return environment[variable] !== undefined
}
