/**
 * `npm run services`: starts the servers of the tests and prints their environment, until Ctrl-C.
 * `npm run services -- NAME...`: only those named.
 * `npm run services -- NAME... run COMMAND ARGS...`: runs a command with them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { isServerName, serverNames } from './services/servers.ts'
import { startServices } from './services/start.ts'

const words = process.argv.slice(2)
const verb = words.indexOf('run')
const named = verb === -1 ? words : words.slice(0, verb)
const [command, ...args] = verb === -1 ? [] : words.slice(verb + 1)
const unknown = named.find((name) => !isServerName(name))
if (unknown !== undefined || (verb !== -1 && command === undefined)) {
  console.error('usage: npm run services [-- NAME... [run COMMAND ARGS...]]')
  if (unknown !== undefined) console.error(`There is no server ${unknown}: ${serverNames.join(', ')}`)
  process.exit(2)
}

const stopped = new Promise<NodeJS.Signals>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
})
{
  await using services = await startServices(named.length === 0 ? serverNames : named.filter(isServerName))
  for (const [server, reason] of Object.entries(services.missing)) console.error(`no ${server}: ${reason}`)
  for (const [server, reason] of Object.entries(services.failed)) console.error(`${server} failed: ${reason}`)
  for (const version of services.versions) console.error(version)
  process.exitCode = command === undefined ? await hold() : await run(command, services.environment)

  async function hold(): Promise<number> {
    for (const [name, value] of Object.entries(services.environment)) {
      if (name !== 'PATH') console.log(`export ${name}='${value}'`)
    }
    const pids = services.pids.length === 0 ? 'no process' : `processes ${services.pids.join(', ')}`
    console.error(`The servers run as ${pids} over ${services.folder}; Ctrl-C stops them`)
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
