import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * What `psql` writes with `\copy (query) to FILE csv`, for each of the queries.
 * @param options  behind `csv`, such as `header`
 */
export async function psqlCsv(url: string, queries: readonly string[], options = ''): Promise<Buffer[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-psql-'))
  try {
    const commands = queries.flatMap((query, index) => [
      '-c',
      `\\copy (${query}) to '${join(folder, String(index))}' csv ${options}`,
    ])
    await promisify(execFile)('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...commands, url], {
      env: { ...process.env, PGTZ: 'UTC', PGCLIENTENCODING: 'UTF8', PGDATESTYLE: 'ISO' },
    })
    return await Promise.all(queries.map((_, index) => readFile(join(folder, String(index)))))
  } finally {
    await rm(folder, { recursive: true })
  }
}
