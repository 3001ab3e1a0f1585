import type { ErrorDetails, ParameterValue } from '@bulkhead/connector-sdk'
import { didYouMean, faultDetails, listNames } from '@bulkhead/contract'
import { fileFormats } from '../format/file-format.ts'
import { fileEnding, type FileKind } from '../format/naming.ts'

/** The name of a result file: placeholders filled in, endings that say what the file is. */

/** Names of parameters that stand in braces in a file name. */
export function placeholdersIn(fileName: string): string[] {
  return [...fileName.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name ?? '')
}

export interface NamedFile {
  readonly fileName: string
  readonly faults: readonly ErrorDetails[]
  readonly warnings: readonly string[]
}

/**
 * @param template  as job or request say, with `{name}` for a parameter
 * @param path      where it stands, for errors
 */
export function fileNameOf(
  template: string,
  parameters: Readonly<Record<string, ParameterValue>>,
  kind: FileKind,
  path: string,
): NamedFile {
  const faults: ErrorDetails[] = []
  const filled = template.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (value === undefined || Array.isArray(value) || value instanceof Uint8Array) {
      const names = Object.keys(parameters)
      faults.push(
        faultDetails(
          'file-name-invalid',
          `The file name has {${name.slice(0, 60)}}, which is no single parameter${didYouMean(name, names)}`,
          { path, fix: `Parameters are ${listNames(names)}` },
        ),
      )
      return whole
    }
    return placeholderText(value as Exclude<typeof value, readonly unknown[]>)
  })
  const { fileName, isMisleading } = withEndings(filled, kind)
  const warnings = isMisleading
    ? [`The file is called ${JSON.stringify(fileName)}: the name that was asked for says what it is not`]
    : []
  return { fileName, faults, warnings }
}

/**
 * A value as a part of a name. It comes from a request and must not choose folders or endings: what is
 * not a letter, digit, dot, hyphen, underscore or space becomes a hyphen.
 */
function placeholderText(value: string | number | bigint | boolean | null | Uint8Array): string {
  const text = String(value).normalize('NFC').slice(0, 100).toWellFormed()
  return text.replaceAll(/[^\p{L}\p{M}\p{N}._ -]/gu, '-').replaceAll(/^[. ]+|[. ]+$/g, '-') || '-'
}

/** Endings of all formats; `.txt` may be the end of any name. */
const formatEnding = new RegExp(
  `(${Object.values(fileFormats)
    .flatMap(({ endings }) => endings)
    .filter((ending) => ending !== '.txt')
    .map((ending) => `\\${ending}`)
    .join('|')})$`,
  'i',
)
const packedEnding = /(\.(gz|zst))?(\.age)?$/i

function withEndings(
  name: string,
  kind: FileKind,
): { readonly fileName: string; readonly isMisleading: boolean } {
  const packed = packedEnding.exec(name)?.[0] ?? ''
  const bare = name.slice(0, name.length - packed.length)
  const isFitting = fileFormats[kind.format].endings.some(
    (ending) => bare.toLowerCase().endsWith(ending) && bare.length > ending.length,
  )
  const wrong = isFitting ? '' : (formatEnding.exec(bare)?.[0] ?? '')
  const stem = wrong.length < bare.length ? bare.slice(0, bare.length - wrong.length) : bare
  const plain = fileEnding({ ...kind, compression: 'none', encrypted: false })
  const wanted = fileEnding(kind)
  const fileName = isFitting ? `${bare}${wanted.slice(plain.length)}` : `${stem}${wanted}`
  return { fileName, isMisleading: wrong !== '' || !fileName.toLowerCase().endsWith(packed.toLowerCase()) }
}
