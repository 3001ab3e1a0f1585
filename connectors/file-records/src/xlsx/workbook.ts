import { posix } from 'node:path'
import { nearNames } from '@bulkhead/connector-sdk'
import { failure, shown } from '../errors.ts'
import type { Document } from '../input/documents.ts'
import { atMost } from '../input/unpack.ts'
import { openArchive, type ZipEntry } from '../input/zip-archive.ts'
import { kindOfBuiltIn, kindOfCode, type NumberKind } from './number-formats.ts'
import { parsePart, type PartHandler } from './parse-part.ts'
import { SharedStrings } from './shared-strings.ts'

/** Most sheets, and most styles of a workbook. */
const MAX_LISTED = 100_000

/** What is known of a workbook before its rows. */
export interface Workbook {
  readonly sheet: string
  /** The bytes of the sheet. */
  readonly bytes: AsyncGenerator<Uint8Array>
  readonly strings: SharedStrings
  /** What numbers are, by the style of their cell. */
  readonly kinds: readonly NumberKind[]
  readonly is1904: boolean
}

export interface WorkbookBounds {
  readonly maxFileBytes: number
  readonly maxRecordBytes: number
}

/**
 * Opens a workbook at a sheet.
 * @throws `file-records-malformed` for what is no workbook, `file-records-not-found` for a sheet that is not there
 */
export async function openWorkbook(
  { file, isPlain }: Document,
  wanted: string | number | undefined,
  bounds: WorkbookBounds,
  signal: AbortSignal,
): Promise<Workbook> {
  if (!isPlain) {
    throw failure('file-records-query-invalid', `${file.name} is packed: workbooks are read as they are`, {
      path: 'query.compression',
      fix: 'Unpack it first',
    })
  }
  const entries = await openArchive(file, signal)
  const parts = new Parts(file.name, entries, bounds, signal)
  const [main] = await parts.related('_rels/.rels', '/officeDocument')
  const path = main?.target ?? 'xl/workbook.xml'
  const { sheets, is1904 } = await readWorkbook(parts, path)
  const relations = posix.join(posix.dirname(path), '_rels', `${posix.basename(path)}.rels`)
  const sheet = chooseSheet(sheets, wanted, file.name)
  const target = (await parts.related(relations, '/worksheet')).find(({ id }) => id === sheet.id)?.target
  if (target === undefined)
    throw failure('file-records-malformed', `The sheet ${shown(sheet.name)} of ${file.name} has no rows`, {
      path: 'query.format.sheet',
    })
  const [styles] = await parts.related(relations, '/styles')
  const [shared] = await parts.related(relations, '/sharedStrings')
  const strings = new SharedStrings(file.name, 4 * bounds.maxRecordBytes)
  if (shared !== undefined) await parts.parse(shared.target, strings.handler())
  return {
    sheet: sheet.name,
    bytes: parts.read(target),
    strings,
    kinds: styles === undefined ? [] : await readStyles(parts, styles.target),
    is1904,
  }
}

interface Sheet {
  readonly name: string
  readonly id: string
}

function chooseSheet(sheets: readonly Sheet[], wanted: string | number | undefined, file: string): Sheet {
  const names = sheets.map(({ name }) => name)
  const listed = names.slice(0, 20).map(shown).join(', ')
  if (wanted === undefined && sheets.length > 1) {
    throw failure('file-records-query-invalid', `${file} has ${sheets.length} sheets`, {
      path: 'query.format.sheet',
      fix: `Say which by \`sheet\`: ${listed}`,
    })
  }
  const found =
    typeof wanted === 'string' ? sheets.find(({ name }) => name === wanted) : sheets[(wanted ?? 1) - 1]
  if (found !== undefined) return found
  const near = typeof wanted === 'string' ? nearNames(wanted, names) : []
  throw failure('file-records-not-found', `${file} has no sheet ${shown(String(wanted ?? 1))}`, {
    path: 'query.format.sheet',
    fix: near.length > 0 ? `Did you mean ${near.map(shown).join(', ')}?` : `The sheets are ${listed}`,
  })
}

interface Relation {
  readonly id: string
  readonly target: string
}

/** The parts of one workbook. */
class Parts {
  readonly #file: string
  readonly #entries: ReadonlyMap<string, ZipEntry>
  readonly #bounds: WorkbookBounds
  readonly #signal: AbortSignal

  constructor(
    file: string,
    entries: ReadonlyMap<string, ZipEntry>,
    bounds: WorkbookBounds,
    signal: AbortSignal,
  ) {
    this.#file = file
    this.#entries = entries
    this.#bounds = bounds
    this.#signal = signal
  }

  read(path: string): AsyncGenerator<Uint8Array> {
    const entry = this.#entries.get(path)
    if (entry === undefined) {
      throw failure('file-records-malformed', `${this.#file} is no workbook: it has no ${shown(path)}`, {
        path: 'query.path',
        fix: 'Name a file that Excel saved as .xlsx; .xls and .xlsb are other formats',
      })
    }
    return atMost(entry.read(this.#signal), this.#bounds.maxFileBytes, `${this.#file}: ${path}`)
  }

  parse(path: string, handler: PartHandler): Promise<void> {
    return parsePart(this.read(path), `${this.#file}: ${path}`, handler, this.#bounds.maxRecordBytes)
  }

  /** What a part refers to, of one type, as paths in the archive. */
  async related(relations: string, type: string): Promise<readonly Relation[]> {
    if (!this.#entries.has(relations)) return []
    const base = posix.dirname(posix.dirname(relations))
    const found: Relation[] = []
    await this.parse(relations, {
      open: (name, { Id: id = '', Type: given = '', Target: target = '' }) => {
        if (name !== 'Relationship' || !given.endsWith(type) || found.length === MAX_LISTED) return
        found.push({ id, target: target.startsWith('/') ? target.slice(1) : posix.join(base, target) })
      },
    })
    return found
  }
}

async function readWorkbook(
  parts: Parts,
  path: string,
): Promise<{ readonly sheets: readonly Sheet[]; readonly is1904: boolean }> {
  const sheets: Sheet[] = []
  let is1904 = false
  await parts.parse(path, {
    open(name, attributes) {
      if (name === 'workbookPr') is1904 = ['1', 'true'].includes(attributes['date1904'] ?? '')
      if (name !== 'sheet' || sheets.length === MAX_LISTED) return
      const [, id = ''] = Object.entries(attributes).find(([key]) => key.endsWith(':id')) ?? []
      sheets.push({ name: attributes['name'] ?? '', id })
    },
  })
  return { sheets, is1904 }
}

async function readStyles(parts: Parts, path: string): Promise<readonly NumberKind[]> {
  const codes = new Map<string, NumberKind>()
  const kinds: NumberKind[] = []
  let isInCells = false
  await parts.parse(path, {
    open(name, { numFmtId: id = '0', formatCode: code = '' }) {
      if (name === 'cellXfs') isInCells = true
      else if (name === 'numFmt' && codes.size < MAX_LISTED) codes.set(id, kindOfCode(code))
      else if (name === 'xf' && isInCells && kinds.length < MAX_LISTED)
        kinds.push(codes.get(id) ?? kindOfBuiltIn(Number(id)))
    },
    close(name) {
      if (name === 'cellXfs') isInCells = false
    },
  })
  return kinds
}
