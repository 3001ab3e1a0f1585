import { Argument, Command } from 'commander'
import { withJson, type Execute } from './execute.ts'

/** Verbs that answer from what is installed. */

export function schemaCommand(execute: Execute): Command {
  return withJson(
    new Command('schema')
      .summary('print a JSON Schema')
      .description('Prints a JSON Schema (2020-12) of what users write and read.')
      .addArgument(
        new Argument('<what>').choices(['request', 'reply', 'application', 'environment', 'platform']),
      ),
  ).action((what: string, _options, own: Command) =>
    execute(own, async () => (await import('../actions/schema.ts')).schema(what)),
  )
}

export function explainCommand(execute: Execute): Command {
  return withJson(
    new Command('explain')
      .summary('explain an error code')
      .description(
        'Says what an error code means, what to do, and with which exit code it ends; all codes without one.',
      )
      .argument('[code]', 'such as job-unknown'),
  ).action((code: string | undefined, _options, own: Command) =>
    execute(own, async () => (await import('../actions/explain.ts')).explain(code)),
  )
}

export function doctorCommand(execute: Execute): Command {
  return withJson(
    new Command('doctor')
      .summary('look at this machine')
      .description(
        'Says whether this machine has what Bulkhead needs: Node, connectors, state folder, file server.',
      ),
  ).action((_options, own: Command) =>
    execute(own, async (terminal) => (await import('../actions/doctor.ts')).doctor(terminal)),
  )
}
