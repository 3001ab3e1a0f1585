import { readFile } from 'node:fs/promises'
import { fault } from '@bulkhead/contract'

/** A text of the platform's file, or where it is found: a variable of the server, or a file. */
export type PlatformText = string | { readonly env: string } | { readonly file: string }

/**
 * The text itself. A file may end with a line break, which editors add and nobody means.
 *
 * @param variables  of the server
 * @param path       in the platform's file, for the error
 * @throws BulkheadError `platform-text-missing`, which names the variable or file and not what is in it
 */
export async function resolvePlatformText(
  value: PlatformText,
  variables: Readonly<Record<string, string | undefined>>,
  path: string,
): Promise<string> {
  if (typeof value === 'string') return value
  if ('env' in value) {
    const text = variables[value.env]
    if (text === undefined || text === '')
      throw fault('platform-text-missing', `The environment variable ${value.env} is not set`, { path })
    return text
  }
  const text = await readFile(value.file, 'utf8').catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown fault'
    throw fault('platform-text-missing', `The file ${value.file} cannot be read (${code})`, { path, cause })
  })
  const trimmed = text.replace(/\r?\n$/, '')
  if (trimmed === '') throw fault('platform-text-missing', `The file ${value.file} is empty`, { path })
  return trimmed
}
