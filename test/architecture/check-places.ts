/**
 * Nothing that is committed names the machine it was written on: no registry that packages came
 * through, no folder of that machine.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Written in pieces, so that this file does not fit itself. */
const places: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['a registry', /registry\.(npmjs|yarnpkg|npmmirror)\b/],
  [
    'a folder of one machine',
    new RegExp(
      `(?<![\\w.])/(${['wo' + 'rk', 'ro' + 'ot', 'tm' + 'p', 'ho' + 'me', 'Us' + 'ers'].join('|')})/\\w`,
    ),
  ],
  ['a neighbour of the checkout', new RegExp(`\\.\\./${'sha' + 'red'}/|\\b${'fa' + 'rm'}-\\w`)],
]

/** @returns places as `file:line names what` */
export function checkPlaces(checkout: string): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: checkout,
  })
  const files = listed.toString().split('\0').filter(Boolean)
  if (files.length === 0) throw new Error('There is no file to check')
  return files.flatMap((file) => {
    const text = read(join(checkout, file))
    if (text === undefined || text.includes('\0')) return [] // removed, or binary
    return text
      .split('\n')
      .flatMap((line, index) =>
        places
          .filter(([, pattern]) => pattern.test(line))
          .map(([name]) => `${file}:${index + 1} names ${name}: ${line.trim().slice(0, 120)}`),
      )
  })
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
