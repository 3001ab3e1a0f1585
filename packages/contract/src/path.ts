/** Where something stands in a document: `spec.jobs.invoices.process[0].map`. */
export type Path = readonly PropertyKey[]

const longestName = 60

/**
 * A path as text. Names come from outside: what is not a plain name is quoted, control characters
 * are escaped, and long names are cut.
 */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[\w$-]{1,60}$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`
    else text += `[${JSON.stringify(shorten(String(part)))}]`
  }
  return text
}

/** What stands at a path of plain data, or undefined. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}

/** Paths of two documents as one: `joinPath('spec.jobs.a', 'source.query')`. */
export function joinPath(base: string, path: string): string {
  if (base === '' || path === '') return base + path
  return path.startsWith('[') ? base + path : `${base}.${path}`
}

function shorten(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name
}
