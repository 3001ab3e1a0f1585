import type { ConnectorManifest } from '@bulkhead/connector-sdk'
import type { ConnectorEntry } from '@bulkhead/engine'
import type { Answer } from '../terminal/answer.ts'
import { displayWidth, printable } from '../terminal/printable.ts'
import { renderPairs, renderTable } from '../terminal/table.ts'
import type { Style } from '../terminal/style.ts'
import { installedCatalog } from './installed.ts'
import { readKitResults, type KitResults } from './kit-results.ts'
import { fieldsOf } from './schema-fields.ts'

/** Which connectors are installed; those that are broken too, with the reason. */
export async function listConnectors(): Promise<Answer> {
  const catalog = await installedCatalog()
  const { broken } = catalog
  const connectors = catalog.list().map(({ name, version, folder, manifest }) => ({
    name,
    version,
    roles: rolesOf(manifest),
    summary: manifest.summary,
    folder,
  }))
  return {
    value: { connectors, broken },
    text: (style, columns) => {
      const table = renderTable(
        [{ title: 'name' }, { title: 'version' }, { title: 'roles' }, { title: 'what it is' }],
        connectors.map(({ name, version, roles, summary }) => [name, version, roles.join(', '), summary]),
        style,
        columns,
      )
      const lines = broken.map(
        ({ folder, reason }) => `${style.bad('unusable:')} ${printable(folder)}: ${printable(reason)}`,
      )
      return [table, ...lines].join('\n')
    },
  }
}

/** All that a connector says about itself. */
export async function showConnector(reference: string): Promise<Answer> {
  const entry = (await installedCatalog()).resolve(reference)
  const kit = await readKitResults(entry.folder)
  return {
    value: { ...entry.manifest, folder: entry.folder, integrity: entry.integrity(), ...(kit && { kit }) },
    text: (style, columns) =>
      [renderConnector(entry, style, columns), ...(kit === undefined ? [] : [renderKit(kit, style)])].join(
        '\n\n',
      ),
  }
}

function renderConnector(
  { name, version, folder, manifest }: ConnectorEntry,
  style: Style,
  columns: number,
): string {
  const parts = [
    `${style.bold(name)} ${version}\n${printable(manifest.summary)}\n${style.dim(printable(folder))}`,
  ]
  const settings = fieldsOf(manifest.config)
  if (settings.length > 0) {
    const lines = settings.map((field) => {
      const marks = [
        field.type,
        field.required ? 'required' : '',
        field.secret ? 'secret' : '',
        field.default === undefined ? '' : `default ${field.default}`,
      ]
      const head = `  ${style.name(field.path)}  ${style.dim(marks.filter((mark) => mark !== '').join(', '))}`
      return `${head}\n${wrap(field.description, columns, 6)}`
    })
    parts.push(`${style.bold('Settings')}\n${lines.join('\n')}`)
  }
  if (manifest.source !== undefined) {
    const { source } = manifest
    const encodes = Object.keys(source.encodes)
    const about = renderPairs(
      [
        ['forms', source.forms.join(', ')],
        ['writes by itself', encodes.length === 0 ? 'nothing' : encodes.join(', ')],
        ['snapshot', snapshotText(source.snapshot)],
        ['replayable', yesOrNo(source.replayable)],
        ['read-only', source.readOnly],
        ['query', queryText(manifest)],
      ],
      style,
    )
    parts.push(`${style.bold('As a source')}\n${indent(about)}`)
  }
  if (manifest.store !== undefined) {
    const about = renderPairs(
      [
        ['parallel parts', yesOrNo(manifest.store.parallelParts)],
        ['links', manifest.store.links === 'own' ? 'signed by the store' : 'served by bulkhead serve-files'],
      ],
      style,
    )
    parts.push(`${style.bold('As a store')}\n${indent(about)}`)
  }
  if (manifest.errors.length > 0) {
    const table = renderTable(
      [{ title: 'code' }, { title: 'kind' }, { title: 'when' }],
      manifest.errors.map(({ code, kind, meaning }) => [code, kind, meaning]),
      style,
      columns - 2,
    )
    parts.push(`${style.bold('Errors')}\n${indent(table)}`)
  }
  return parts.join('\n\n')
}

function renderKit({ version, runs }: KitResults, style: Style): string {
  const lines = runs.map(({ role, system, results }) => {
    const count = (wanted: string): number => results.filter(({ result }) => result === wanted).length
    return `  as a ${role}: ${count('passed')} passed, ${count('failed')} failed, ${count('left-out')} left out, against ${printable(system)}`
  })
  return [`${style.bold('Contract test kit')}, of version ${printable(version)}`, ...lines].join('\n')
}

function rolesOf({ source, store }: ConnectorManifest): readonly string[] {
  return [...(source === undefined ? [] : ['source']), ...(store === undefined ? [] : ['store'])]
}

function queryText({ query, source }: ConnectorManifest): string {
  const description = typeof query['description'] === 'string' ? query['description'] : ''
  const forms = { sql: 'SQL text with :name parameters', object: 'an object with { "$param": name }' }
  const kind = source?.query ?? 'object'
  const form = kind === 'either' ? `${forms.sql}, or ${forms.object}` : forms[kind]
  const examples = Array.isArray(query['examples']) ? query['examples'] : []
  return [form, printable(description), ...examples.map((example) => `such as ${JSON.stringify(example)}`)]
    .filter((line) => line !== '')
    .join('\n')
}

function wrap(text: string, columns: number, indentation: number): string {
  const width = Math.max(30, Math.min(columns, 100) - indentation)
  const lines: string[] = []
  let line = ''
  for (const word of printable(text).split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => ' '.repeat(indentation) + one).join('\n')
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

function snapshotText(snapshot: boolean | 'sql' | 'object'): string {
  return typeof snapshot === 'boolean' ? yesOrNo(snapshot) : `only for ${kindsOfQuery[snapshot]}`
}

const kindsOfQuery = { sql: 'SQL', object: 'object queries' } as const

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no'
}
