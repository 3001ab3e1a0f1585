import { Command } from 'commander'
import { type Execute, withJson } from './execute.ts'

const platform = [
  '--platform <file>',
  'platform.yaml of the server; its variables BULKHEAD_PLATFORM__... count too',
] as const

/** Verbs of those who run a server: what it keeps goes to a file, and comes back. */
export function backupCommand(execute: Execute): Command {
  return withJson(
    new Command('backup')
      .summary('write what a server keeps to a file')
      .description(
        'Writes requests, runs, replies, history, logs and tokens to a file, as they are at one moment. The server may be running.\n' +
          'Results lie in stores and are not in it; neither are the keys in the state folder.',
      )
      .argument('<file>', 'where to write the backup; replaced when it is there')
      .option(...platform),
  ).action((file: string, options, own: Command) =>
    execute(own, async (terminal) => (await import('../actions/backup.ts')).backUp(file, options, terminal)),
  )
}

export function restoreCommand(execute: Execute): Command {
  return withJson(
    new Command('restore')
      .summary('fill the empty repository of a server from a backup')
      .description(
        'Reads a backup of SQLite or PostgreSQL into the repository that the platform names, which must be empty. Stop all servers first.\n' +
          'What happened after the backup is not known afterwards: requests of that time that come again are run again, and messages\n' +
          'that were due then are sent again under their same ids.',
      )
      .argument('<file>', 'the backup')
      .option(...platform),
  ).action((file: string, options, own: Command) =>
    execute(own, async (terminal) => (await import('../actions/backup.ts')).restore(file, options, terminal)),
  )
}
