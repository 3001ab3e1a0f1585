import type { ByteStage } from './byte-stage.ts'

/** Carries what a stream yields into the next stage. */
export interface Pump {
  /** Resolves when the stream has ended and the next stage has everything. */
  readonly done: Promise<void>
  /**
   * Waits for work that needs the pump to go on, and rejects as soon as the pump fails: a stream whose
   * reader has failed would keep its writer waiting for ever.
   * (`Promise.race` with `done` would keep something in memory for every wait until the file ends.)
   */
  until<T>(work: Promise<T>): Promise<T>
}

/** Starts to carry. A failure is told by `until` and `done`; it is never an unhandled rejection. */
export function startPump(stream: () => Promise<AsyncIterable<Uint8Array>>, next: ByteStage): Pump {
  let failure: { readonly error: unknown } | undefined
  const waiting = new Set<(error: unknown) => void>()
  const done = carry(stream, next)
  done.catch((error: unknown) => {
    failure = { error }
    for (const reject of waiting) reject(error)
  })
  return {
    done,
    until(work) {
      return new Promise((resolve, reject) => {
        waiting.add(reject)
        work
          .then(resolve, (error: unknown) => reject(failure === undefined ? error : failure.error))
          .finally(() => {
            waiting.delete(reject)
          })
        if (failure !== undefined) reject(failure.error)
      })
    },
  }
}

async function carry(stream: () => Promise<AsyncIterable<Uint8Array>>, next: ByteStage): Promise<void> {
  for await (const piece of await stream()) await next.write(piece)
}
