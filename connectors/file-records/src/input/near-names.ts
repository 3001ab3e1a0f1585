/** How many names are suggested at most. */
const MOST = 3

/** Names that differ from `wanted` by little, the nearest first. */
export function nearNames(wanted: string, names: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3))
  const ranked = names.map((name) => ({
    name,
    edits: editsBetween(wanted.toLowerCase(), name.toLowerCase()),
  }))
  return ranked
    .filter(({ edits }) => edits <= limit)
    .sort((left, right) => left.edits - right.edits || (left.name < right.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name)
}

/** Levenshtein's distance, a row at a time. */
function editsBetween(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [index, char] of Array.from(left).entries()) {
    const row = [index + 1]
    for (let at = 1; at <= right.length; at++) {
      const same = (above[at - 1] ?? 0) + (right[at - 1] === char ? 0 : 1)
      row.push(Math.min(same, (above[at] ?? 0) + 1, (row[at - 1] ?? 0) + 1))
    }
    above = row
  }
  return above.at(-1) ?? 0
}
