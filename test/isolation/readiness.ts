/** Asks the server again and again whether it is ready, as a load balancer does. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Readiness extends AsyncDisposable {
  /** What it said besides that it is; none, ever. */
  readonly gone: readonly string[]
  readonly asked: () => number
}

const everyMs = 200
/** Longer than a server's own patience with its repository. */
const patienceMs = 15_000

export function watchReadiness(url: string): Readiness {
  const gone: string[] = []
  const begunMs = performance.now()
  const when = (): string => `after ${((performance.now() - begunMs) / 1000).toFixed(0)} s`
  const stop = new AbortController()
  let asked = 0
  const asking = (async () => {
    while (!stop.signal.aborted) {
      try {
        const answer = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(patienceMs) })
        const text = await answer.text()
        if (answer.status !== 200)
          gone.push(`readiness went ${when()}: ${answer.status} ${text.slice(0, 300)}`)
      } catch (error) {
        gone.push(`readiness was not told ${when()}: ${String(error)}`)
      }
      asked += 1
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()
  return {
    gone,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await asking
    },
  }
}
