/**
 * An environment's overlay over the manifest: objects merge field by field, all else replaces, and null
 * removes (RFC 7396). A reference such as `{ secret: NAME }` is one value: it never merges with another.
 */
export function mergeOverlay(base: unknown, overlay: unknown): unknown {
  if (!isPlainObject(overlay) || isReference(overlay)) return overlay
  const under = isPlainObject(base) && !isReference(base) ? base : {}
  const merged: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(overlay)) {
    if (value === null) delete merged[key]
    else merged[key] = mergeOverlay(under[key], value)
  }
  return merged
}

/** `{ secret: NAME }` or `{ env: NAME }`. */
function isReference(value: Readonly<Record<string, unknown>>): boolean {
  const [key, ...others] = Object.keys(value)
  return others.length === 0 && (key === 'secret' || key === 'env') && typeof value[key] === 'string'
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
