/** The nearest known name to one that was mistyped: for messages, never for a guess that is acted on. */

/**
 * The known name that is most likely meant, or undefined when none is near: another case or
 * separator, or about one mistake in three letters.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 100) return undefined
  const plain = plainName(name)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(plain.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(plain, plainName(candidate), bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** "; did you mean `output`?", or nothing: the end of a sentence. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : `; did you mean \`${near}\`?`
}

/** A list for a message, at most so long that it stays readable: "a, b, c and 7 more". */
export function listNames(names: Iterable<string>, most = 12): string {
  const all = [...names]
  const shown = all.slice(0, most).join(', ')
  if (all.length === 0) return 'none'
  return all.length > most ? `${shown} and ${all.length - most} more` : shown
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/** Edits (insert, delete, replace, swap of neighbours) from one text to the other, at most `limit`. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let distance = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1])
        distance = Math.min(distance, (beforeLast[column - 2] ?? 0) + 1)
      current.push(distance)
    }
    beforeLast = last
    last = current
  }
  return Math.min(limit, last[to.length] ?? limit)
}
