/** What the SDK and Node put on the errors that they throw; all of it may be missing. */
export interface Failure {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly Code?: unknown
  readonly Region?: unknown
  readonly cause?: unknown
  readonly $metadata?: {
    readonly httpStatusCode?: number
    readonly requestId?: string
    readonly attempts?: number
  }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

export function failureOf(error: unknown): Failure {
  return (error ?? {}) as Failure
}

/** HTTP status of the answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return failureOf(error).$metadata?.httpStatusCode
}

/** How often the SDK tried the call that failed. */
export function attemptsOf(error: unknown): number {
  return failureOf(error).$metadata?.attempts ?? 1
}

/** Whether the store answered and said no: then it did nothing. After any other failure it may have. */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error) ?? 0
  return status >= 400 && status < 500
}

/** Whether the store answered, and would answer the same again. */
export function isFinal(error: unknown): boolean {
  return isRefusal(error) || statusOf(error) === 501 || statusOf(error) === 507
}
