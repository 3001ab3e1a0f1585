/** A server as its operators start it. */
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { writeApplication, type ApplicationSpec } from '../../test/support/application-folder.ts'
import type { Command } from '../measure/measure-command.ts'
import { ProcessTree } from '../measure/process-tree.ts'
import { applicationName } from './request-way.ts'

export interface RunningServer extends AsyncDisposable {
  readonly url: string
  /** Of its first administrator. */
  readonly token: string
  /** Of the server and all its runners. */
  readonly processes: ProcessTree
}

export interface ServerOptions {
  /** Starts the command; its arguments are added. */
  readonly command: Command
  /** Empty, for all that the server is told and keeps. */
  readonly folder: string
  /** `spec` of the platform file. */
  readonly platform: Readonly<Record<string, unknown>>
}

const endMs = 30_000

/** A server of one application. @throws Error with its last lines when it ends before it is ready */
export async function startServer(
  options: ServerOptions & { readonly application: ApplicationSpec },
): Promise<RunningServer> {
  const applications = join(options.folder, 'applications')
  await writeApplication(join(applications, applicationName), applicationName, options.application)
  return serveApplications({ ...options, applications })
}

/** @throws Error with its last lines when it ends before it is ready */
export async function serveApplications(
  options: ServerOptions & { readonly applications: string },
): Promise<RunningServer> {
  const { command, folder, applications, platform } = options
  const state = join(folder, 'state')
  await mkdir(state, { recursive: true })
  const file = join(folder, 'platform.yaml')
  const document = { apiVersion: 'bulkhead.dev/v1beta1', kind: 'Platform', spec: platform }
  await writeFile(file, JSON.stringify(document))
  const args = [...command.args, 'up', '--apps', applications, '--platform', file]
  const child = spawn(command.file, args, {
    env: { ...command.environment, XDG_STATE_HOME: state },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  const last: string[] = []
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${last.join('\n')}`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      last.splice(0, Math.max(0, last.length - 20))
      last.push(line)
      const ready = readyUrl(line)
      if (ready !== undefined) resolve(ready)
    })
  })
  return {
    url,
    token: (await readFile(join(state, 'bulkhead/admin-token'), 'utf8')).trim(),
    processes: new ProcessTree(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), endMs)
      await exited
      clearTimeout(timer)
    },
  }
}

function readyUrl(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  const { message, url } = JSON.parse(line) as { readonly message?: string; readonly url?: string }
  return message === 'Ready' ? url : undefined
}
