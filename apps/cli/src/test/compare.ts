import { isDeepStrictEqual } from 'node:util'
import { formatNumber } from '../terminal/quantities.ts'

type PlainRow = Readonly<Record<string, unknown>>

const MOST_DIFFERENCES = 10 // the first ones tell what is wrong

/**
 * How the rows of a result differ from those that were expected, as sentences; none when they are the
 * same. Order counts, of rows and not of columns.
 */
export function compareRows(expected: readonly PlainRow[], actual: readonly PlainRow[]): readonly string[] {
  const differences: string[] = []
  for (const [index, want] of expected.entries()) {
    const got = actual[index]
    if (got === undefined) break
    for (const name of new Set([...Object.keys(want), ...Object.keys(got)])) {
      if (isDeepStrictEqual(want[name], got[name]) && Object.hasOwn(want, name) === Object.hasOwn(got, name))
        continue
      differences.push(`row ${index + 1}, ${name}: expected ${show(want, name)}, got ${show(got, name)}`)
    }
  }
  if (actual.length < expected.length)
    differences.push(
      `${formatNumber(expected.length - actual.length, 'row')} missing, the first: ${JSON.stringify(expected[actual.length])}`,
    )
  if (actual.length > expected.length)
    differences.push(
      `${formatNumber(actual.length - expected.length, 'row')} too many, the first: ${JSON.stringify(actual[expected.length])}`,
    )
  return shorten(differences)
}

/** How what was prepared differs, in the fields that are expected: the others may be anything. */
export function comparePrepared(expected: PlainRow, actual: PlainRow): readonly string[] {
  return Object.keys(expected)
    .filter((name) => !isDeepStrictEqual(expected[name], actual[name]))
    .map(
      (name) =>
        `prepared ${name}: expected ${JSON.stringify(expected[name])}, got ${show(actual, name, 'none')}`,
    )
}

/** The same for text, line by line. */
export function compareText(expected: string, actual: string): readonly string[] {
  if (expected === actual) return []
  const [want, got] = [expected.split('\n'), actual.split('\n')]
  const differences: string[] = []
  for (let line = 0; line < Math.max(want.length, got.length); line++) {
    if (want[line] === got[line]) continue
    differences.push(`line ${line + 1}: expected ${showLine(want[line])}, got ${showLine(got[line])}`)
  }
  return shorten(differences)
}

function shorten(differences: readonly string[]): readonly string[] {
  if (differences.length <= MOST_DIFFERENCES) return differences
  const more = differences.length - MOST_DIFFERENCES
  return [...differences.slice(0, MOST_DIFFERENCES), `and ${formatNumber(more, 'difference')} more`]
}

function show(row: PlainRow, name: string, absent = 'no such column'): string {
  return Object.hasOwn(row, name) ? JSON.stringify(row[name]) : absent
}

function showLine(line: string | undefined): string {
  return line === undefined ? 'the end of the file' : JSON.stringify(line)
}
