/** What the file server's `/healthz` answers. */
export interface FileServerHealth {
  readonly service: 'bulkhead-files'
  /** `keyName` of its master key: only links that derive from it are served. */
  readonly key: string
}

/** A server on this machine answers in a few milliseconds; a run must not wait for one that hangs. */
const PATIENCE_MS = 500

/** Nothing that the file server answers is longer. */
const MOST_BYTES = 4096

/**
 * Whether a file server with this master key answers at the base URL.
 * @param key  from `keyName`; undefined: any key
 */
export async function isServed(baseUrl: string, key: string | undefined): Promise<boolean> {
  try {
    const text = await answerOf(new URL(`${baseUrl.replace(/\/+$/, '')}/healthz`))
    const health = JSON.parse(text) as Partial<FileServerHealth>
    return health.service === 'bulkhead-files' && (key === undefined || health.key === key)
  } catch {
    return false
  }
}

/** Neither by `fetch` nor by an import of `node:http`, which reads its WebSocket: to load that takes longer than many a run. */
function answerOf(url: URL): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const { get } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  const request = get(url, { signal: AbortSignal.timeout(PATIENCE_MS), agent: false }, (answer) => {
    let text = ''
    if (answer.statusCode !== 200) request.destroy(new Error('The file server is not well'))
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (text.length > MOST_BYTES) request.destroy(new Error('This is no file server'))
    })
    answer.once('end', () => resolve(text)).once('error', reject)
  })
  request.once('error', reject)
  return promise
}
