/** What waits for one reader, who asks again and again and may have to wait. */
export interface Inbox<T> {
  put(item: T): void
  /** Resolves with the next item, or undefined when there was none in time or the reader has gone. */
  take(waitMs: number, gone: AbortSignal): Promise<T | undefined>
  /** Whoever waits, or asks from now on, is answered at once. @returns what nobody took */
  close(): readonly T[]
}

export function createInbox<T>(): Inbox<T> {
  const items: T[] = []
  let closed = false
  let waiting: ((item: T | undefined) => void) | undefined

  return {
    put(item) {
      if (waiting === undefined) items.push(item)
      else waiting(item)
    },
    async take(waitMs, gone) {
      // one that asks again has given up the call before
      waiting?.(undefined)
      const next = items.shift()
      if (next !== undefined || gone.aborted || closed) return next
      const { promise, resolve } = Promise.withResolvers<T | undefined>()
      const settle = (item: T | undefined): void => {
        if (waiting === settle) waiting = undefined
        clearTimeout(timer)
        gone.removeEventListener('abort', leave)
        resolve(item)
      }
      const leave = (): void => settle(undefined)
      const timer = setTimeout(leave, waitMs)
      gone.addEventListener('abort', leave, { once: true })
      waiting = settle
      return await promise
    },
    close() {
      closed = true
      waiting?.(undefined)
      return items.splice(0)
    },
  }
}
