import type { Culprit } from './culprit.ts'

/** @throws when there is none of that name: a suite without culprits proves nothing */
export function someOf(all: readonly Culprit[], names: readonly string[]): readonly Culprit[] {
  return names.map((wanted) => {
    const found = all.find(({ name }) => name === wanted)
    if (found === undefined) throw new Error(`There is no culprit ${wanted}`)
    return found
  })
}
