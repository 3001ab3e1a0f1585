/** The command as users start it, with a request for an export. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { installPacked } from '../scripts/build/install-packed.ts'
import { buildCheck, runCheck } from '../scripts/test/static-check.ts'
import type { Command } from './measure/measure-command.ts'

const checkout = resolve(import.meta.dirname, '..')

export interface Output {
  readonly format: 'csv' | 'jsonl' | 'parquet'
  readonly compression?: 'gzip'
}

export type Export = Common & (PostgresSource | OtherSource)

interface PostgresSource {
  /** URL of a database. */
  readonly database: string
  readonly query: string
}

interface OtherSource {
  /** As a request has it. */
  readonly source: unknown
}

interface Common {
  /** Of `installCommand`. */
  readonly command: string
  readonly output: Output
  /** Results lie in `out` below it. */
  readonly folder: string
}

/**
 * Builds the packages and installs them into the folder, as users do.
 * @returns the command
 */
export async function installCommand(folder: string): Promise<string> {
  const build = await runCheck(buildCheck, checkout, new AbortController().signal)
  if (build.status !== 'passed') throw new Error(`The packages do not build: ${build.detail}`)
  const installed = join(folder, 'installed')
  await mkdir(installed)
  return installPacked(checkout, installed)
}

/** The command `bulkhead run` for a request that is written into the folder. */
export async function bulkheadRun(wanted: Export): Promise<Command> {
  const out = join(wanted.folder, 'out')
  const request = join(wanted.folder, 'request.json')
  await mkdir(out, { recursive: true })
  await writeFile(request, JSON.stringify(requestFor(wanted)))
  return {
    file: wanted.command,
    args: ['run', '--quiet', '--request', request, '--out', out],
    environment: commandEnvironment(),
  }
}

/**
 * The same as Node itself is started by it: the difference is what `sh` needs to find Node. The launcher is
 * asked which arguments these are, by giving it a Node that prints them.
 */
export async function withoutLauncher(command: Command, folder: string): Promise<Command> {
  const printer = join(folder, 'print-arguments')
  const script = '#!/bin/sh\n[ "$1" != -p ] || { echo true; exit; }\nprintf "%s\\n" "$@"\n'
  await writeFile(printer, script, { mode: 0o755 })
  const environment = { ...command.environment, BULKHEAD_NODE: printer }
  const { stdout } = await run(command.file, command.args, { env: environment })
  return { ...command, file: process.execPath, args: stdout.trimEnd().split('\n') }
}

const run = promisify(execFile)

function requestFor(wanted: Export): unknown {
  const source = 'source' in wanted ? wanted.source : postgresSource(wanted)
  return { requestId: 'bench', source, output: wanted.output }
}

function postgresSource({ database, query }: PostgresSource): unknown {
  const { hostname: host, port, pathname, username, password } = new URL(database)
  return {
    connector: 'postgres',
    config: {
      host,
      port: port === '' ? 5432 : Number(port),
      database: decodeURIComponent(pathname.slice(1)),
      user: decodeURIComponent(username),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    },
    query,
  }
}

/** That of a user: without what this process was started with for itself. */
export function commandEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(BULKHEAD_|npm_|NODE_(OPTIONS|V8_COVERAGE|TEST_))/.test(name),
  )
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  // as `bin/bulkhead` sets it, for where that is passed by
  return { NODE_COMPILE_CACHE: join(cache, 'bulkhead/compiled'), ...Object.fromEntries(kept) }
}
