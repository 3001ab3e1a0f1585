import { styleText } from 'node:util'

/** Colours of one stream; where there are none, every function gives its text back. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly bad: (text: string) => string
  readonly good: (text: string) => string
  readonly note: (text: string) => string
  readonly name: (text: string) => string
}

const same = (text: string): string => text

export const plainStyle: Style = { bold: same, dim: same, bad: same, good: same, note: same, name: same }

const paint =
  (format: Parameters<typeof styleText>[0]) =>
  (text: string): string =>
    styleText(format, text, { validateStream: false })

const colours: Style = {
  bold: paint('bold'),
  dim: paint('dim'),
  bad: paint('red'),
  good: paint('green'),
  note: paint('yellow'),
  name: paint('cyan'),
}

/**
 * Colours only where a person looks and did not ask for none.
 * @see https://no-color.org
 */
export function chooseStyle(
  interactive: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): Style {
  const refused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb'
  return interactive && !refused ? colours : plainStyle
}
