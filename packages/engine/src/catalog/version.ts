/** Versions of connectors: the part of semantic versioning that a manifest may use. @see https://semver.org */

export interface Version {
  readonly parts: readonly [major: number, minor: number, patch: number]
  readonly prerelease: string
}

/** Reads `1.4.2` and `2.0.0-beta.1`; undefined when the text is no version. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(text)
  if (match === null) return undefined
  return {
    parts: [Number(match[1]), Number(match[2]), Number(match[3])],
    prerelease: match[4] ?? '',
  }
}

/** Below, at or above 0 as the first is older, equal or newer; a prerelease is older than its release. */
export function compareVersions(left: Version, right: Version): number {
  for (const index of [0, 1, 2] as const) {
    const difference = left.parts[index] - right.parts[index]
    if (difference !== 0) return difference
  }
  if (left.prerelease === right.prerelease) return 0
  if (left.prerelease === '') return 1
  if (right.prerelease === '') return -1
  return left.prerelease < right.prerelease ? -1 : 1
}

/**
 * Whether a version fits a range: `^1.2` (the same major, or below 1.0 the same minor, and not older),
 * `~1.2` (the same minor, and not older), `1`, `1.4`, `1.4.2` (beginning so). No range fits all.
 * A prerelease fits no range: it is used only when nothing else is installed and none is asked for.
 */
export function versionFits(version: Version, range: string | undefined): boolean {
  if (range === undefined) return true
  const match = /^([\^~]?)(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(range)
  if (match === null || version.prerelease !== '') return false
  const wanted = match.slice(2).flatMap((part) => (part === undefined ? [] : [Number(part)]))
  const fixed = fixedParts(match[1] ?? '', wanted)
  if (wanted.slice(0, fixed).some((part, index) => part !== version.parts[index])) return false
  for (const [index, part] of wanted.entries()) {
    const difference = (version.parts[index] ?? 0) - part
    if (difference !== 0) return difference > 0
  }
  return true
}

/** How many leading parts must be equal. */
function fixedParts(operator: string, wanted: readonly number[]): number {
  if (operator === '~') return Math.min(2, wanted.length)
  if (operator === '') return wanted.length
  const firstNonZero = wanted.findIndex((part) => part > 0)
  return firstNonZero === -1 ? wanted.length : firstNonZero + 1
}
