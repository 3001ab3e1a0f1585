/**
 * What comes while a write is under way is written together by the next: under load one write is for many, and nobody
 * waits longer than for two.
 *
 * @param write  never rejects
 */
export function gathered<T>(write: (all: readonly T[]) => Promise<void>): (one: T) => Promise<void> {
  let underWay = Promise.resolve()
  let waiting: T[] = []
  let next: Promise<void> | undefined

  function begin(): Promise<void> {
    const all = waiting
    waiting = []
    next = undefined
    underWay = write(all)
    return underWay
  }

  return (one) => {
    waiting.push(one)
    next ??= underWay.then(begin)
    return next
  }
}
