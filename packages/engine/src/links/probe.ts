/** What the file server's `/healthz` answers. */
export interface FileServerHealth {
  readonly service: 'bulkhead-files'
  /** `keyName` of its master key: only links that derive from it are served. */
  readonly key: string
}

/** A server on this machine answers in a few milliseconds; a run must not wait for one that hangs. */
const PATIENCE_MS = 500

/**
 * Whether a file server with this master key answers at the base URL.
 * @param key  from `keyName`; undefined: any key
 */
export async function isServed(baseUrl: string, key: string | undefined): Promise<boolean> {
  try {
    const answer = await fetch(`${baseUrl.replace(/\/+$/, '')}/healthz`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
      redirect: 'error',
    })
    const health = answer.ok ? ((await answer.json()) as Partial<FileServerHealth>) : {}
    return health.service === 'bulkhead-files' && (key === undefined || health.key === key)
  } catch {
    return false
  }
}
