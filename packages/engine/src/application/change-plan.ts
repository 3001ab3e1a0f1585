import { createHash } from 'node:crypto'
import type {
  ApplicationChange,
  ApplicationsState,
  Behaviour,
  ChangedInput,
  Effect,
} from '@bulkhead/contract'
import { digestOf } from './behaviour.ts'
import { canonicalJson } from './canonical-json.ts'
import { effectOf, strongest } from './field-effect.ts'

/** What becomes of every application when things are changed from one state to another. */
export interface ChangePlan {
  /** By their names. */
  readonly applications: readonly ApplicationChange[]
  /** Names this very change: another one before or after has another. */
  readonly hash: string
}

type State = Pick<ApplicationsState, 'applications' | 'setAside'>

export function planChange(before: State, after: State): ChangePlan {
  const then = new Map(before.applications.map((one) => [one.application, one]))
  const now = new Map(after.applications.map((one) => [one.application, one]))
  const aside = new Map(after.setAside.map(({ name, error }) => [name, error]))
  const names = [...new Set([...then.keys(), ...now.keys(), ...aside.keys()])].toSorted()
  const applications = names.map((name): ApplicationChange => {
    const error = now.has(name) ? undefined : aside.get(name)
    const change = changeOf(name, then.get(name), now.get(name))
    return error === undefined ? change : { ...change, action: 'set-aside', changes: [], error }
  })
  return { applications, hash: hashOf(applications) }
}

/** What became of one application, from one behaviour to another; undefined: it was not, or is not there. */
export function changeOf(
  application: string,
  before: Behaviour | undefined,
  after: Behaviour | undefined,
): ApplicationChange {
  const digests = {
    ...(before !== undefined && { before: digestOf(before) }),
    ...(after !== undefined && { after: digestOf(after) }),
  }
  if (before === undefined || after === undefined) {
    const action = after === undefined ? 'remove' : 'add'
    return { application, action, ...digests, changes: [] }
  }
  const changes = [...changesIn('bundle', before, after), ...changesIn('environment', before, after)]
  const effect = strongest(changes.map((change) => change.effect))
  return {
    application,
    action: changes.length === 0 ? 'none' : 'change',
    ...digests,
    ...(effect !== undefined && { effect }),
    changes,
  }
}

/** A hash of what moves, and from where to where. */
function hashOf(applications: readonly ApplicationChange[]): string {
  const moves = applications.map(({ application, action, before, after, error }) => [
    application,
    action,
    before?.digest ?? null,
    after?.digest ?? null,
    error?.code ?? null,
  ])
  return createHash('sha256').update(canonicalJson(moves)).digest('hex')
}

function changesIn(part: ChangedInput['part'], before: Behaviour, after: Behaviour): ChangedInput[] {
  const [then, now] = [before[part], after[part]]
  const places = [...new Set([...Object.keys(then), ...Object.keys(now)])].toSorted()
  return places
    .filter((place) => then[place] !== now[place])
    .map((place): ChangedInput => {
      const [old, fresh] = [then[place], now[place]]
      return {
        part,
        place,
        action: old === undefined ? 'add' : fresh === undefined ? 'remove' : 'change',
        ...(old !== undefined && { before: old }),
        ...(fresh !== undefined && { after: fresh }),
        effect: effectOfPlace(part, place),
      }
    })
}

/** A cluster's address is read when the server starts; all else of a place is seen by the next process of the application. */
function effectOfPlace(part: ChangedInput['part'], place: string): Effect {
  if (part === 'environment') {
    if (place.startsWith('clusters/')) return 'restart'
    return place.startsWith('variables/') ? effectOf(pathOf(place.slice('variables/'.length))) : 'next-run'
  }
  return place.startsWith('files/') ? 'next-run' : effectOf(pathOf(place))
}

/** The path whose `exactPath` this is. */
function pathOf(place: string): PropertyKey[] {
  return [...place.matchAll(/\["(?:[^"\\]|\\.)*"\]|[^.[\]]+/g)].map(([part]) =>
    part.startsWith('[') ? (JSON.parse(part.slice(1, -1)) as string) : part,
  )
}
