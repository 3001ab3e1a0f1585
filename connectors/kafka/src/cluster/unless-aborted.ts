/**
 * The promise, or the reason of the signal when it aborts first. The client cannot be told to stop, and
 * neither can a broker: what was asked then is answered into the void.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // What comes after the abort has nobody who looks at it.
  promise.catch(() => undefined)
  signal.throwIfAborted()
  let abort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort)
  }
}
