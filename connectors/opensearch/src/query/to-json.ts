/**
 * JSON of a bound query. Values of parameters may be what JSON.stringify refuses: a whole number of 64
 * bits is written with all its digits, bytes as Base64, which is how OpenSearch takes them.
 */
export function toJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, item]) => item !== undefined)
    return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${toJson(item)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
