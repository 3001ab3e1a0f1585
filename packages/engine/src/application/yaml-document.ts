import type { BulkheadError } from '@bulkhead/connector-sdk'
import { fault, type Path } from '@bulkhead/contract'
import {
  Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
  type ScalarTag,
} from 'yaml'

/**
 * YAML of a manifest. Manifests are read by many tools, half of which speak YAML 1.1, where `no` is
 * false and `010` is eight: what the two versions read differently is refused, with its line.
 */
export interface YamlDocument {
  readonly value: unknown
  /** `application.yaml:12:5` of the field at a path, or of the nearest one around it. */
  placeOf(path: Path): string | undefined
}

/** Most aliases that one document may use: a few repeat settings, many are a bomb. */
const mostAliases = 100

/** Most characters of one document. */
const mostCharacters = 256 * 1024
/**
 * Most words and signs of one document, blanks and ends of lines included: some 2,500 lines. A document is large by its structure, of which
 * a hundred thousand take seconds to read, and a server does nothing else meanwhile (I7); a long query is one of them.
 */
const mostTokens = 20_000

/**
 * @param file  its name, for messages
 * @throws BulkheadError `manifest-unreadable` with line and column
 */
export function readYaml(text: string, file: string): YamlDocument {
  if (text.length > mostCharacters)
    throw unreadable(
      `${file} is larger than ${mostCharacters / 1024} KiB`,
      'Move what is large into files that it names',
    )
  refuseMuchStructure(text, file)
  const lines = new LineCounter()
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  try {
    const document = parseDocument(text, {
      version: '1.2',
      // The library compares every key with every other: minutes, for many. See `refuseTwins`.
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
    })
    const [error] = [...document.errors, ...document.warnings]
    if (error !== undefined)
      throw unreadable(`${place(error.pos[0])}: ${withoutQuotedText(error.message)}`, 'Correct the line')
    const { explicit, version } = document.directives?.yaml ?? {}
    if (explicit === true && version !== '1.2')
      throw unreadable(`${file} asks for YAML ${version}`, 'Remove the %YAML line')
    refuseTagsAndPrototypes(document, place)
    refuseTwins(document, place)
    refuseTwoReadings(document, place)
    const value: unknown = document.toJS({ maxAliasCount: mostAliases })
    return { value, placeOf: (path) => placeOf(document, path, place) }
  } catch (error) {
    if (error instanceof ReferenceError)
      throw unreadable(`${file} uses more than ${mostAliases} aliases`, 'Write the values out')
    if (error instanceof RangeError) throw unreadable(`${file} nests too deeply`, 'Write it flatter')
    throw error
  }
}

/** Taking it apart into tokens is cheap, and ends with the first that is too many. */
function refuseMuchStructure(text: string, file: string): void {
  let tokens = 0
  for (const _ of new Lexer().lex(text))
    if (++tokens > mostTokens)
      throw unreadable(
        `${file} has more than ${mostTokens.toLocaleString('en')} words and signs`,
        'Move what is large into files that it names, or make two applications of it',
      )
}

/** Compares what both versions make of every plain scalar, keys included. */
function refuseTwoReadings(document: Document.Parsed, place: (offset: number) => string): void {
  const read11 = readerOf11()
  for (const { offset, source, value, isKey } of plainScalars(document)) {
    const value11 = read11(source, isKey)
    const isSame = isKey
      ? typeof value === 'string' && typeof value11 === 'string'
      : Object.is(value, value11) && !exponentOnly.test(source)
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
      throw unreadable(
        `${place(offset)}: \`${source.slice(0, 40)}\` has more digits than a number can hold`,
        'Put it in quotes',
      )
    if (!isSame)
      throw unreadable(
        `${place(offset)}: ${shownScalar(source)} without quotes means different things to different readers of YAML`,
        'Put it in quotes when it is text, or write the number in plain digits',
      )
  }
}

/** Words are shown; anything else may be a secret that somebody wrote down. */
function shownScalar(source: string): string {
  return /^(y|n|yes|no|on|off|<<)$/i.test(source) ? `\`${source}\`` : 'a value'
}

/** What a plain scalar is in YAML 1.1, by the library's own rules for it. */
function readerOf11(): (source: string, isKey: boolean) => unknown {
  const { tags } = new Document(undefined, { version: '1.1' }).schema
  return (source, isKey) => {
    const tag = tags.find(
      (candidate) =>
        candidate.collection === undefined &&
        (candidate.default === true || (isKey && candidate.default === 'key')) &&
        candidate.test?.test(source) === true,
    ) as ScalarTag | undefined
    if (tag === undefined) return source
    const value = tag.resolve(source, () => {}, defaultOptions)
    return isScalar(value) ? value.value : value
  }
}

const defaultOptions = { intAsBigInt: false }

/** `1e3`: a number to most readers, and text to those that hold YAML 1.1 to the letter. */
const exponentOnly = /^[-+]?\d+[eE]/

interface PlainScalar {
  readonly offset: number
  readonly source: string
  readonly value: unknown
  readonly isKey: boolean
}

function plainScalars(document: Document.Parsed): PlainScalar[] {
  const found: PlainScalar[] = []
  visit(document, {
    Scalar(key, { type, source, value, range }) {
      if (type === 'PLAIN' && source !== undefined && range)
        found.push({ offset: range[0], source, value, isKey: key === 'key' })
    },
  })
  return found
}

function refuseTagsAndPrototypes(document: Document.Parsed, place: (offset: number) => string): void {
  visit(document, {
    Node(key, node) {
      const at = place(node.range?.[0] ?? 0)
      if (node.tag !== undefined)
        throw unreadable(`${at}: tags such as ${node.tag.slice(0, 40)} are not taken`, 'Remove the tag')
      if (key === 'key' && isScalar(node) && node.value === '__proto__')
        throw unreadable(`${at}: a field named __proto__`, 'Remove it')
    },
  })
}

/** A field that comes twice would be two things to two readers. */
function refuseTwins(document: Document.Parsed, place: (offset: number) => string): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        // In plain data every key is text.
        const name = String(key.value)
        if (seen.has(name))
          throw unreadable(`${place(offsetOf(key) ?? 0)}: Map keys must be unique`, 'Correct the line')
        seen.add(name)
      }
    },
  })
}

function placeOf(document: Document, path: Path, place: (offset: number) => string): string | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      if (pair === undefined) break
      offset = offsetOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(part)]
      offset = offsetOf(node) ?? offset
    } else break
  }
  return offset === undefined ? undefined : place(offset)
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

/** The parser's messages may quote a value, which may be a secret. */
function withoutQuotedText(message: string): string {
  return (
    message
      .split('\n')[0]
      ?.replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
      .slice(0, 200) ?? ''
  )
}

function unreadable(message: string, fix: string): BulkheadError {
  return fault('manifest-unreadable', message, { fix })
}
