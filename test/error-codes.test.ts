/** Every code that is thrown is registered, and every code that is registered is thrown. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConnectorManifest } from '@bulkhead/connector-sdk'
import { errorRegistry } from '@bulkhead/contract'
import { parseSync } from 'oxc-parser'

const root = join(import.meta.dirname, '..')
const platformFolders = [
  'packages/connector-sdk',
  'packages/contract',
  'packages/engine',
  'apps/cli',
  'apps/files',
  'apps/runner',
  'apps/server',
]
const connectorFolders = readdirSync(join(root, 'connectors')).map((name) => `connectors/${name}`)

interface Found {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** What one source throws, and every text in it that may name a code; where a code is registered is none. */
interface Source {
  readonly file: string
  readonly thrown: readonly Found[]
  readonly texts: readonly string[]
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.test(-support|-process)?\.ts$|(^|\/)testing\//.test(file))
    .map((file) => readSource(`${folder}/src/${file}`))
}

function readSource(file: string): Source {
  const text = readFileSync(join(root, file), 'utf8')
  const { program, errors } = parseSync(file, text)
  assert.deepEqual(errors, [], `cannot parse ${file}`)
  const thrown: Found[] = []
  const texts: string[] = []
  const note = (node: unknown): void => {
    const { type, value, start } = (node ?? {}) as { type?: string; value?: unknown; start?: number }
    if (type === 'Literal' && typeof value === 'string')
      thrown.push({ file, line: text.slice(0, start).split('\n').length, text: value })
  }
  const registered = new Set<unknown>()
  visit(program, (node) => {
    if (node['type'] === 'Property') registered.add(node['key'])
    if (propertyOf(node, 'meaning') !== undefined) registered.add(propertyOf(node, 'code'))
    if (node['type'] === 'Literal' && typeof node['value'] === 'string' && !registered.has(node))
      texts.push(node['value'])
    if (node['type'] === 'TemplateElement') texts.push((node['value'] as { readonly raw: string }).raw)
    const { callee, arguments: given } = node as { callee?: { name?: string }; arguments?: unknown[] }
    const [first] = given ?? []
    if (
      node['type'] === 'CallExpression' &&
      /^(fault|faultDetails|failure|[a-z0-9]+(Fault|Error))$/.test(callee?.name ?? '')
    )
      note(first)
    if (node['type'] === 'NewExpression' && callee?.name === 'BulkheadError') note(propertyOf(first, 'code'))
    if (node['type'] === 'ObjectExpression' && propertyOf(node, 'kind') && propertyOf(node, 'message'))
      note(propertyOf(node, 'code'))
  })
  return { file, thrown, texts }
}

function visit(node: unknown, look: (node: Readonly<Record<string, unknown>>) => void): void {
  if (Array.isArray(node)) for (const item of node) visit(item, look)
  else if (typeof node === 'object' && node !== null) {
    if ('type' in node) look(node as Readonly<Record<string, unknown>>)
    for (const value of Object.values(node)) visit(value, look)
  }
}

function propertyOf(node: unknown, name: string): unknown {
  const { type, properties } = (node ?? {}) as {
    type?: string
    properties?: { key?: { name?: string }; value?: unknown }[]
  }
  return type === 'ObjectExpression'
    ? (properties?.find(({ key }) => key?.name === name)?.value ?? undefined)
    : undefined
}

function manifestOf(folder: string): ConnectorManifest {
  return JSON.parse(readFileSync(join(root, folder, 'connector.json'), 'utf8')) as ConnectorManifest
}

function unregistered(sources: readonly Source[], codes: ReadonlySet<string>): string[] {
  return sources.flatMap(({ thrown }) =>
    thrown
      .filter(({ text }) => !codes.has(text))
      .map(({ file, line, text }) => `${file}:${line} throws ${text}`),
  )
}

function unthrown(sources: readonly Source[], codes: Iterable<string>): string[] {
  const texts = sources.flatMap((source) => source.texts)
  return [...codes].filter(
    (code) => !texts.some((text) => new RegExp(`(^|[^a-z-])${code}($|[^a-z-])`).test(text)),
  )
}

/** With the SDK's reasons, where a connector puts its name in front of them. */
function throwable(sources: readonly Source[], name: string): readonly Source[] {
  const isPrefixed = sources.some(({ texts }) => texts.includes(`${name}-`))
  if (!isPrefixed) return sources
  const texts = sdkSources.flatMap((source) => source.texts.map((text) => `${name}-${text}`))
  return [...sources, { file: 'connector-sdk', thrown: [], texts }]
}

const sdkSources = sourcesIn('packages/connector-sdk')
const platform = new Set<string>(Object.keys(errorRegistry))
const platformSources = platformFolders.flatMap(sourcesIn)
const connectors = connectorFolders.map((folder) => ({
  folder,
  sources: sourcesIn(folder),
  manifest: manifestOf(folder),
}))

test('the search finds what is thrown', () => {
  const found = new Set(platformSources.flatMap(({ thrown }) => thrown.map(({ text }) => text)))
  for (const code of ['request-unreadable', 'duration-invalid', 'cancelled', 'store-unknown'])
    assert.ok(found.has(code), code)
  for (const { folder, sources } of connectors)
    assert.ok(
      sources.some(({ thrown }) => thrown.length > 0),
      folder,
    )
})

test('every code that the platform throws is in its registry', () => {
  assert.deepEqual(unregistered(platformSources, platform), [])
})

test('every code in the registry is thrown by somebody', () => {
  const all = [...platformSources, ...connectors.flatMap(({ sources }) => sources)]
  assert.deepEqual(unthrown(all, platform), [])
})

for (const { folder, sources, manifest } of connectors) {
  const own = manifest.errors.map(({ code }) => code)

  test(`${folder}: every code that it throws is its own or the platform's`, () => {
    assert.deepEqual(unregistered(sources, new Set([...platform, ...own])), [])
  })

  test(`${folder}: every code that it registers begins with its name and is thrown`, () => {
    assert.deepEqual(
      own.filter((code) => !code.startsWith(`${manifest.name}-`)),
      [],
    )
    assert.deepEqual(unthrown(throwable(sources, manifest.name), own), [])
  })
}
