import type { Field, Store } from '@bulkhead/connector-sdk'
import { objectKey } from './object-key.ts'
import { type DeliveredObject, openObjectWriter } from './object-writer.ts'
import { manifestFileName } from './split-names.ts'

/** One file of a split result. */
export interface ListedFile {
  readonly name: string
  /** Null when the file was copied unread. */
  readonly rows: number | null
  readonly bytes: number
  /** Over the stored object, lower-case hexadecimal. */
  readonly sha256: string
}

/** What `name.manifest.json` says. Written last: who finds it has all the files. */
export interface SplitManifest {
  readonly version: 1
  readonly rows: number | null
  readonly bytes: number
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[]
  readonly files: readonly ListedFile[]
}

export function splitManifest(files: readonly ListedFile[], fields: readonly Field[]): SplitManifest {
  return {
    version: 1,
    rows: files.reduce<number | null>(
      (sum, { rows }) => (sum === null || rows === null ? null : sum + rows),
      0,
    ),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    columns: fields.map(({ name, type, nullable }) => ({ name, type: typeText(type), nullable })),
    files: files.map(({ name, rows, bytes, sha256 }) => ({ name, rows, bytes, sha256 })),
  }
}

/**
 * Writes the manifest of a split result beside its files.
 *
 * @param fileName  of the result before it was split
 * @throws BulkheadError `file-name-invalid`, or what the store throws; nothing is left then (I5)
 */
export async function writeManifest(
  store: Store,
  result: {
    readonly folder: string
    readonly fileName: string
    readonly files: readonly ListedFile[]
    readonly fields: readonly Field[]
  },
  signal: AbortSignal,
): Promise<DeliveredObject & { readonly name: string }> {
  const name = manifestFileName(result.fileName)
  const text = `${JSON.stringify(splitManifest(result.files, result.fields), undefined, 2)}\n`
  const bytes = new TextEncoder().encode(text)
  await using writer = await openObjectWriter(
    store,
    { key: objectKey(result.folder, name), contentType: 'application/json', maxBytes: bytes.length },
    signal,
  )
  await writer.write(bytes)
  return { ...(await writer.finish()), name }
}

/** `integer64`, `unsigned32`, `float64`, `decimal(12,2)`, `timestamp with zone`. */
function typeText(type: Field['type']): string {
  switch (type.kind) {
    case 'integer':
      return `${type.unsigned === true ? 'unsigned' : 'integer'}${type.bits}`
    case 'float':
      return `float${type.bits}`
    case 'decimal':
      return type.precision === undefined ? 'decimal' : `decimal(${type.precision},${type.scale ?? 0})`
    case 'timestamp':
      return type.zoned ? 'timestamp with zone' : 'timestamp'
    case 'boolean':
    case 'text':
    case 'binary':
    case 'date':
    case 'json':
      return type.kind
  }
  return type satisfies never
}
