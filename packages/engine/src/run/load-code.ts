import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/** What an application's file exports. */
export type Exports = Readonly<Record<string, unknown>>

/** A file of code, as the manifest names it. */
export interface CodeFile {
  /** Relative to the folder. */
  readonly file: string
  /** Where it stands in the manifest, for errors. */
  readonly path: string
  /** The error when it is no code that can be used. */
  readonly code: 'map-invalid' | 'prepare-invalid'
}

/** Code that waits for something while it is loaded would hold up the run for ever. */
const deadlineMs = 10_000

/**
 * Imports a file of an application. Node strips its types; syntax that is not plain JavaScript
 * behind them (`enum`, parameter properties) cannot be used.
 *
 * Nothing is imported from outside the folder, neither by way of a link nor by an import of the file
 * itself, but for built-in modules of Node.
 *
 * @throws BulkheadError the code's own, `file-outside-application`, `file-not-found`
 */
export async function loadCode(folder: string, code: CodeFile): Promise<Exports> {
  const { file, path } = code
  const root = await realpath(folder)
  const found = await realpath(join(root, file)).catch((cause: unknown) => {
    throw fault('file-not-found', `The file ${file} is not there`, { path, cause })
  })
  if (!isBelow(root, found))
    throw fault('file-outside-application', `The file ${file} lies outside the folder of the application`, {
      path,
    })
  // A module is loaded once by its address: another content is another address.
  const digest = createHash('sha256')
    .update(await readFile(found))
    .digest('hex')
  return await importWithin(root, `${pathToFileURL(found).href}?sha256=${digest}`, code)
}

async function importWithin(root: string, url: string, code: CodeFile): Promise<Exports> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () =>
      reject(
        fault(code.code, `${code.file} was not loaded after ${deadlineMs / 1000} s`, { path: code.path }),
      ),
    deadlineMs,
  )
  const hooks = confineImports(root, code)
  try {
    return await Promise.race([import(url) as Promise<Exports>, late])
  } catch (error) {
    throw isBulkheadError(error) ? error : explain(error, root, code)
  } finally {
    hooks.deregister()
    clearTimeout(timer)
  }
}

/**
 * While the application's code is loaded: its files are modules whatever a package.json says, and import
 * only each other and what is built in. Other imports of this process are not touched.
 */
function confineImports(root: string, { code, path }: CodeFile): { deregister(): void } {
  const isOwn = (url: string): boolean =>
    url.startsWith('file:') && isBelow(root, fileURLToPath(url.split('?', 1)[0] ?? url))
  return registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      if (context.parentURL === undefined || !isOwn(context.parentURL)) return resolved
      if (resolved.url.startsWith('node:') || isOwn(resolved.url)) return resolved
      throw fault(
        code,
        `The code of the application imports ${JSON.stringify(specifier)}, which lies outside its folder`,
        {
          path,
          fix: 'Import only files of the application and built-in modules of Node',
        },
      )
    },
    load(url, context, next) {
      const isModule = /\.[jt]s(\?|$)/.test(url) && isOwn(url)
      const format = /\.ts(\?|$)/.test(url) ? 'module-typescript' : 'module'
      return next(url, isModule ? { ...context, format } : context)
    },
  })
}

/**
 * What is wrong with the code, where that is known. The message of a syntax error comes from Node and
 * quotes code alone; that of an error which the code throws may hold anything, and stays in the cause.
 */
function explain(error: unknown, root: string, { file, path, code: known }: CodeFile): Error {
  const { name, message, code, stack } = error as NodeJS.ErrnoException
  const where = placeIn(stack ?? '', root) ?? file
  const details = { path, cause: error }
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return fault(known, `${file} lies below node_modules, where Node strips no types`, {
      ...details,
      fix: 'Move the application, or write the file in plain JavaScript',
    })
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return fault(known, `${where}: ${firstLine(message)}`, {
      ...details,
      fix: 'Use types that can be stripped: no enum, namespace or parameter property',
    })
  if (name === 'SyntaxError' || code === 'ERR_INVALID_TYPESCRIPT_SYNTAX')
    return fault(known, `${where}: ${firstLine(message)}`, { ...details, fix: 'Correct the code' })
  if (code === 'ERR_MODULE_NOT_FOUND')
    return fault(known, `${file} imports what is not there: ${importOf(message, root)}`, {
      ...details,
      fix: 'Import only files of the application, with their ending, and built-in modules of Node',
    })
  return fault(known, `${where} threw ${name ?? 'a value that is no Error'} while it was loaded`, {
    ...details,
    fix: 'Correct the code; --log-level debug shows its error',
  })
}

/** The first place in the folder that a stack names: `map.ts, line 12`. */
function placeIn(stack: string, root: string): string | undefined {
  for (const folder of [root, pathToFileURL(root).href]) {
    const at = stack.indexOf(`${folder}/`)
    const [, file, line] =
      /^\/([^\n]*?\.[cm]?[jt]s)(?:\?sha256=\w+)?:(\d+)/.exec(
        at === -1 ? '' : stack.slice(at + folder.length),
      ) ?? []
    if (file !== undefined) return `${file}, line ${line}`
  }
  return undefined
}

/** Names what was not found, without the folders above the application. */
function importOf(message: string, root: string): string {
  const [, quoted = ''] = /Cannot find (?:module|package) '([^']*)'/.exec(message) ?? []
  return quoted.startsWith(root + sep) ? relative(root, quoted) : quoted
}

function isBelow(root: string, path: string): boolean {
  return path.startsWith(root + sep)
}

function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? '').trim().slice(0, 300)
}
