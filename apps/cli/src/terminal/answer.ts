import type { Style } from './style.ts'

/**
 * What a command found. Text for people and JSON for programs come from the same value, so that they
 * cannot differ: `--json` prints `value`, else `text` is printed.
 */
export interface Answer {
  /** Plain data, as JSON will show it. Undefined: nothing is printed. */
  readonly value: unknown
  /** Ends without a line break. */
  readonly text: (style: Style, columns: number) => string
  /** 0 when left out. */
  readonly exitCode?: number
}

/** An answer whose value is JSON for people too: reply events, schemas. */
export function jsonAnswer(value: unknown, exitCode = 0): Answer {
  return { value, text: () => JSON.stringify(value, null, 2), exitCode }
}
