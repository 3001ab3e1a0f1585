/** `docs/requirements.md` maps every requirement to the test that proves it, or says "not yet". */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const count = { D: 21, M: 15, F: 4, P: 10, T: 11 } as const

/** `D1` to `D21`, `M1` to `M15` ... */
export const requirementIds: readonly string[] = Object.entries(count).flatMap(([letter, most]) =>
  Array.from({ length: most }, (_, index) => `${letter}${index + 1}`),
)

/**
 * A requirement is a line that begins with its id, as a row of a table or an item of a list, and holds the
 * path of at least one test in backquotes, or `not yet`, or both.
 *
 * @returns faults as `id: what is wrong`
 */
export function checkRequirements(checkout: string): readonly string[] {
  const lines = readFileSync(join(checkout, 'docs/requirements.md'), 'utf8').split('\n')
  return requirementIds.flatMap((id) => {
    const line = lines.find((text) => new RegExp(`^[|*\\-\\s]*${id}\\b`).test(text))
    if (line === undefined) return [`${id}: it is missing`]
    const paths = [...line.matchAll(/`([\w./-]+\.test\.ts)`|\]\(([\w./-]+\.test\.ts)\)/g)].map(
      ([, quoted, linked]) => (quoted === undefined ? join('docs', linked ?? '') : quoted),
    )
    const gone = paths
      .filter((path) => !existsSync(join(checkout, path)))
      .map((path) => `${id}: there is no test ${path}`)
    if (paths.length === 0 && !/\bnot yet\b/i.test(line))
      return [`${id}: it names no test, and does not say "not yet"`]
    return gone
  })
}
