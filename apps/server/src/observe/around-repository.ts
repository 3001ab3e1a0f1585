import type { Repository } from '../repository/repository.ts'

/** The calls of the port that ask or change something. */
export type Operation = Exclude<keyof Repository, 'onChange' | symbol>
type Call = (...args: never[]) => Promise<unknown>

/** What is done around a call: it has to call, and to give back what came of it. */
export type Around = {
  readonly [K in Operation]?: (
    call: Repository[K],
    ...args: Parameters<Repository[K]>
  ) => ReturnType<Repository[K]>
}

/**
 * A repository like another one, with something around its calls: metrics and traces see what this server does,
 * and no room that does it has to know of them.
 * @param every  around each call, inside of `around`
 */
export function aroundRepository(
  repository: Repository,
  around: Around,
  every: <T>(operation: Operation, call: () => Promise<T>) => Promise<T> = (_, call) => call(),
): Repository {
  const wrapped = new Map<string | symbol, unknown>()
  return new Proxy(repository, {
    get(target, name) {
      const known = wrapped.get(name)
      if (known !== undefined) return known
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const bound = value.bind(target) as Call
      const call = name === 'onChange' || typeof name === 'symbol' ? bound : wrap(name as Operation, bound)
      wrapped.set(name, call)
      return call
    },
  })

  function wrap(operation: Operation, bound: Call): Call {
    const inner: Call = (...args) => every(operation, () => bound(...args))
    const outer = around[operation] as ((call: Call, ...args: never[]) => Promise<unknown>) | undefined
    return outer === undefined ? inner : (...args) => outer(inner, ...args)
  }
}
