import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { startMysql } from '../../../../scripts/services/mysql.ts'
import type { TestMysqlDatabase } from '../../../../test/support/mysql.ts'

/** Starts a server for a whole test file, whose settings the file may change. */
export async function startOwnServer(options: readonly string[] = []): Promise<TestMysqlDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-mysql-'))
  const server = await startMysql(folder, AbortSignal.timeout(60_000), options)
  after(async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  const url = new URL(server.value)
  url.pathname = '/mysql'
  return {
    url: url.href,
    host: url.hostname,
    port: Number(url.port),
    database: 'mysql',
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  }
}
