import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const checkout = resolve(import.meta.dirname, '../..')
const launcher = join(checkout, 'apps/cli/bin/bulkhead')

/** A command as a user would type it. */
export function shown(args: readonly string[]): string {
  return ['npx bulkhead', ...args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg}'`))].join(' ')
}

/**
 * Runs the command; its progress goes where ours goes.
 * @returns its standard output
 * @throws Error when it does not end with 0
 */
export async function bulkhead(
  args: readonly string[],
  { environment }: { readonly environment: Readonly<Record<string, string>> },
): Promise<string> {
  const child = start(args, environment, 'inherit')
  const parts: Buffer[] = []
  child.stdout?.on('data', (part: Buffer) => parts.push(part))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code === 0) return Buffer.concat(parts).toString()
  throw new Error(`${shown(args)} ended with ${code ?? 'a signal'}`)
}

export interface FileServer {
  readonly url: string
  readonly stop: () => void
}

/** Starts `bulkhead serve-files` on its usual port, or on a free one when that is taken. */
export async function serveFiles(): Promise<FileServer> {
  return (await serveAt('7070')) ?? (await serveAt('0')) ?? refuse()
}

async function serveAt(port: string): Promise<FileServer | undefined> {
  const child = start(['serve-files', '--port', port], {}, 'pipe')
  child.on('error', () => undefined)
  if (child.stderr === null) return undefined
  const lines = createInterface({ input: child.stderr })
  for await (const line of lines) {
    const url = /http:\/\/[\d.]+:\d+/.exec(line)?.[0]
    if (url === undefined || line.startsWith('error')) break
    child.unref()
    return { url, stop: () => void child.kill('SIGTERM') }
  }
  child.kill('SIGTERM')
  return undefined
}

function refuse(): never {
  throw new Error('The file server cannot be started: try npx bulkhead doctor')
}

function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  messages: 'inherit' | 'pipe',
): ChildProcess {
  return spawn(launcher, args, {
    cwd: checkout,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', messages],
  })
}
