/**
 * What a run needs besides a place in a process. The waiting runs of an application with the same needs are a lane: when one of
 * them cannot begin, none behind it in its lane can, and those of other lanes go past.
 */
export interface Lane {
  /** Whether it needs a process that it shares with no other run. */
  readonly alone: boolean
  /** Source systems with a budget that it may read, by name, in order. */
  readonly systems: readonly string[]
}

/** As it is kept: `` for a run without needs, `alone`, `:crm,ledger`, `alone:crm`. */
export function laneText({ alone, systems }: Lane): string {
  const names = [...new Set(systems)].toSorted()
  return `${alone ? 'alone' : ''}${names.length === 0 ? '' : `:${names.join(',')}`}`
}

export function laneOf(text: string): Lane {
  const [first = '', names = ''] = text.split(':')
  return { alone: first === 'alone', systems: names === '' ? [] : names.split(',') }
}
