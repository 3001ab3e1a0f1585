/**
 * `npm run services`: starts the servers of the tests and prints their environment, until Ctrl-C.
 * `npm run services -- run COMMAND ARGS...`: runs a command with them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { startServices } from './services/start.ts'

const [verb, command, ...args] = process.argv.slice(2)
if ((verb !== undefined && verb !== 'run') || (verb === 'run' && command === undefined)) {
  console.error('usage: npm run services [-- run COMMAND ARGS...]')
  process.exit(2)
}

const stopped = new Promise<NodeJS.Signals>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
})
{
  await using services = await startServices()
  for (const [server, reason] of Object.entries(services.missing)) console.error(`no ${server}: ${reason}`)
  process.exitCode = command === undefined ? await hold() : await run(command, services.environment)

  async function hold(): Promise<number> {
    for (const [name, value] of Object.entries(services.environment)) {
      if (name !== 'PATH') console.log(`export ${name}='${value}'`)
    }
    console.error(
      `The servers run as processes ${services.pids.join(', ')} over ${services.folder}; Ctrl-C stops them`,
    )
    return 128 + constants.signals[await stopped]
  }
}
process.exit()

async function run(program: string, environment: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...environment } })
  void stopped.then((signal) => child.kill(signal))
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const [code, signal] = await exit.catch((error: Error) => {
    console.error(error.message)
    return [127, null] as const
  })
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal]
}
