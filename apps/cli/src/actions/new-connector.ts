import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fault } from '@bulkhead/contract'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { copyTemplate } from './template.ts'

/**
 * Makes the package of a new connector, which passes the contract test kit as it is.
 *
 * @throws BulkheadError `usage` when the folder holds something, or its name is no name of a connector
 */
export async function newConnector(
  target: string,
  options: { readonly sdk?: string },
  terminal: Terminal,
): Promise<Answer> {
  const root = resolve(terminal.folder, target)
  const name = basename(root)
  if (!/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name))
    throw fault('usage', 'The name of the folder is no name of a connector', {
      path: 'folder',
      fix: 'Use at most 40 lower-case letters, digits and hyphens',
    })
  const checkout = sdkOfCheckout()
  const isLinked = options.sdk === undefined && checkout !== undefined
  const files = await copyTemplate('connector', root, {
    CONNECTOR_NAME: name,
    SDK_SPEC: isLinked ? `file:${checkout}` : (options.sdk ?? '^1.0.0'),
    // sources of a checkout are used as they are, built or not
    'node NODE_OPTIONS_HERE': isLinked ? 'node --conditions=@bulkhead/source' : 'node',
    NODE_PACKAGES: await nodePackages(),
  })
  const next = [`cd ${target}`, 'npm install', 'npm test', 'bulkhead connectors install .']
  return {
    value: { connector: name, folder: root, files, next },
    text: (style) =>
      [
        `${style.good('✓')} ${style.bold(name)} is in ${target}`,
        ...files.map((file) => `  ${file}`),
        '',
        'What to try next',
        ...next.map((command) => `  ${style.name(command)}`),
      ].join('\n'),
  }
}

/** Folder of the SDK when this command runs from a checkout, where it may not be published yet. */
function sdkOfCheckout(): string | undefined {
  const folder = fileURLToPath(new URL('..', import.meta.resolve('@bulkhead/connector-sdk')))
  return existsSync(`${folder}src/index.ts`) ? folder.replace(/\/$/, '') : undefined
}

/** Node 24 by its platform's package, as this command has it: the new package needs no other. */
async function nodePackages(): Promise<string> {
  const file = new URL('../package.json', import.meta.resolve('@bulkhead/cli'))
  const manifest = JSON.parse(await readFile(file, 'utf8')) as {
    readonly optionalDependencies?: Readonly<Record<string, string>>
  }
  const packages = Object.entries(manifest.optionalDependencies ?? {}).filter(([name]) =>
    name.startsWith('node-'),
  )
  return JSON.stringify(Object.fromEntries(packages), undefined, 2).replaceAll('\n', '\n  ')
}
