import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  apiVersion,
  checkedBy,
  fault,
  isLoopback,
  type Path,
  platformSchema,
  type PlatformSpec,
} from '@bulkhead/contract'
import { readYaml } from '../application/yaml-document.ts'

/** `BULKHEAD_PLATFORM__HTTP__PUBLIC_URL` is `spec.http.publicUrl`. */
const prefix = 'BULKHEAD_PLATFORM__'

/**
 * What a server is told: the file, and over it variables of the environment, one for each field. A value that
 * is JSON (a number, true, a list, an object) is taken as such, everything else as text.
 *
 * @param file  undefined: nothing but defaults and variables
 * @throws BulkheadError `platform-invalid` with every fault in `others`
 */
export async function readPlatform(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PlatformSpec> {
  const document = file === undefined ? undefined : readYaml(await textOf(file), basename(file))
  const value = structuredClone(document?.value ?? { apiVersion, kind: 'Platform' })
  const variables = new Map<string, string>()
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || text === undefined) continue
    const path = pathOf(name)
    setAt(value, path, valueOf(text))
    variables.set(path.join('.'), name)
  }
  const place = (path: Path): string | undefined => placeOf(path, variables) ?? document?.placeOf(path)
  const { spec } = checkedBy(platformSchema, value, { code: 'platform-invalid', place })
  if (spec.auth.tokens === 'off' && !isLoopback(spec.http.host))
    throw fault('platform-invalid', 'Without tokens a server listens on loopback only', {
      path: 'spec.auth.tokens',
      fix: 'Set `auth.tokens: required`, or `http.host: 127.0.0.1`',
    })
  return spec
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw fault('platform-invalid', `The platform file ${file} cannot be read (${code})`, {
      cause,
      fix: 'Give the path of a readable file, or none',
    })
  }
}

function pathOf(variable: string): string[] {
  const fields = variable.slice(prefix.length).split('__').map(camelCase)
  return ['spec', ...fields]
}

/** `PUBLIC_URL` is `publicUrl`. */
function camelCase(words: string): string {
  return words.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function setAt(root: unknown, path: readonly string[], value: unknown): void {
  let at = root as Record<string, unknown>
  for (const field of path.slice(0, -1)) {
    const next = at[field]
    if (typeof next !== 'object' || next === null || !Object.hasOwn(at, field)) at[field] = {}
    at = at[field] as Record<string, unknown>
  }
  const last = path.at(-1) ?? ''
  // a field of every object is no field of the platform
  if (path.some((field) => field === '__proto__' || field === 'constructor' || field === 'prototype')) return
  at[last] = value
}

function placeOf(path: Path, variables: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const variable = variables.get(path.slice(0, length).map(String).join('.'))
    if (variable !== undefined) return `variable ${variable}`
  }
  return undefined
}
