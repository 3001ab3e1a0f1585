/** A signal that aborts when time is over, which is soon once somebody wants the run stopped. */
export function patience(
  stop: AbortSignal,
  { ms, hurriedMs }: { readonly ms: number; readonly hurriedMs: number },
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  let timer = setTimeout(end, stop.aborted ? hurriedMs : ms)
  const hurry = (): void => {
    clearTimeout(timer)
    timer = setTimeout(end, hurriedMs)
  }
  stop.addEventListener('abort', hurry, { once: true })
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      stop.removeEventListener('abort', hurry)
      clearTimeout(timer)
    },
  }
}
