import { InvalidArgumentError, type Command, Option } from 'commander'

/** `--server URL`, for every command that asks a server. */
export function withServer(command: Command): Command {
  return command.addOption(
    new Option(
      '--server <url>',
      'server to ask (default: BULKHEAD_SERVER, or http://127.0.0.1:7071)',
    ).helpGroup('Server:'),
  )
}

/** A whole number from 1. */
export function count(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!Number.isInteger(number) || number < 1 || number > most)
      throw new InvalidArgumentError(`Give a number from 1 to ${most}.`)
    return number
  }
}

/** An option that may be given several times. */
export function several(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text]
}
