/**
 * Whether a reply gives a consumer what it relies on. What was recorded is an example: of ids, times, counts, sizes and links the
 * kind of value matters, of the words by which programs decide the value itself.
 */

/** Members whose value a consumer may rely on. */
const exact: ReadonlySet<string> = new Set([
  'specversion',
  'type',
  'source',
  'subject',
  'datacontenttype',
  'requestId',
  'application',
  'job',
  'status',
  'guarantee',
  'consistency',
  'name',
  'format',
  'compression',
  'encryption',
  'contentType',
  'algorithm',
  'scope',
  'code',
  'kind',
  'retryable',
])

/** Below these everything is the consumer's own, and comes back as it was. */
const echoed: ReadonlySet<string> = new Set(['context'])

/** How the reply fails the expectation, as sentences; none: it serves. More than was expected is no fault. */
export function compareReply(expected: unknown, actual: unknown, path = 'reply'): readonly string[] {
  const name = path.slice(path.lastIndexOf('.') + 1)
  if (actual === undefined) return [`${path}: expected ${show(expected)}, and there is nothing`]
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${path}: expected a list, got ${kindOf(actual)}`]
    return expected.flatMap((item, index) => compareReply(item, actual[index], `${path}[${index}]`))
  }
  if (isRecord(expected)) {
    if (!isRecord(actual)) return [`${path}: expected an object, got ${kindOf(actual)}`]
    if (echoed.has(name)) return compareExactly(expected, actual, path)
    return Object.entries(expected).flatMap(([key, value]) =>
      compareReply(value, actual[key], `${path}.${key}`),
    )
  }
  if (exact.has(name) || echoed.has(name)) return compareExactly(expected, actual, path)
  if (kindOf(expected) !== kindOf(actual))
    return [`${path}: expected ${kindOf(expected)} such as ${show(expected)}, got ${kindOf(actual)}`]
  return []
}

function compareExactly(expected: unknown, actual: unknown, path: string): readonly string[] {
  return show(expected) === show(actual) ? [] : [`${path}: expected ${show(expected)}, got ${show(actual)}`]
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (isRecord(value)) return 'an object'
  if (typeof value !== 'string') return typeof value === 'number' ? 'a number' : 'true or false'
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value)) return 'a time'
  return /^[a-z][a-z\d+.-]*:\/\//.test(value) ? 'a link' : 'a text'
}

/** With keys in order, so that equal values look alike. */
function show(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isRecord(item) ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item,
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
