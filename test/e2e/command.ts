import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative, resolve } from 'node:path'
import { after } from 'node:test'

/** The command as a user starts it: a process of its own, through `bin/bulkhead`. */

export const checkout = resolve(import.meta.dirname, '../..')
export const launcher = join(checkout, 'apps/cli/bin/bulkhead')

/** Tests never touch the state folder of the person who runs them. */
const state = mkdtempSync(join(tmpdir(), 'bulkhead-e2e-state-'))
after(() => rmSync(state, { recursive: true, force: true }))

export interface Ended {
  /** As a shell sees it: 128 + n after signal n. */
  readonly code: number
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  /** Instead of the launcher itself. */
  readonly program?: readonly [command: string, ...before: string[]]
  readonly folder?: string
  /** Added to the environment; undefined removes. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly input?: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

const LONGEST_MS = 120_000 // a hanging command fails its test, not the whole suite

export function startBulkhead(args: readonly string[], options: StartOptions = {}): Started {
  const [command, ...before] = options.program ?? [launcher]
  const child = spawn(command, [...before, ...args], {
    cwd: options.folder ?? checkout,
    env: cleanEnvironment(options.environment),
    stdio: 'pipe',
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes))
  child.stdin.on('error', () => undefined) // it may end without reading
  child.stdin.end(options.input ?? '')
  const ended = new Promise<Ended>((settle, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      settle({
        code: code ?? -1,
        signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    )
  })
  return { child, ended }
}

export function bulkhead(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return startBulkhead(args, options).ended
}

/** Without what a developer's shell would change: colours, npm's settings, our own variables. */
function cleanEnvironment(added: StartOptions['environment'] = {}): NodeJS.ProcessEnv {
  const dropped =
    /^(BULKHEAD_(?!TEST_FILE$)|npm_|NODE_(OPTIONS|V8_COVERAGE|TEST_)|PG|AWS_|DATABASE_|NO_COLOR$|FORCE_COLOR$|K_)/
  const kept = Object.entries(process.env).filter(([name]) => !dropped.test(name))
  const all = { ...Object.fromEntries(kept), XDG_STATE_HOME: state, XDG_DATA_HOME: state, ...added }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: { after(action: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-e2e-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** The Node that a user has installed, of whatever age: not the one of this checkout. */
export function systemNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find((file) => existsSync(file))
}

/** The one JSON value on standard output. */
export function json<T = Record<string, unknown>>({ stdout, stderr }: Ended): T {
  try {
    return JSON.parse(stdout) as T
  } catch {
    throw new Error(`Standard output is not JSON: ${stdout.slice(0, 500)}\n${stderr.slice(0, 2000)}`)
  }
}

/** Every file below a folder, by its path; what is half-written has a name too. */
export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted()
}
