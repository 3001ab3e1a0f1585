import type { RawRecord, RecordFile } from '../columns/raw-record.ts'
import { textRecord } from '../columns/text-record.ts'
import { failure, shown } from '../errors.ts'
import { PartParser } from './parse-part.ts'
import { serialText } from './serial-date.ts'
import { unescapeText } from './shared-strings.ts'
import type { Workbook } from './workbook.ts'

/** Columns and rows of a sheet at most, as Excel has them. */
const MAX_COLUMNS = 16_384
const MAX_ROWS = 1_048_576

export interface SheetOptions {
  readonly header: boolean
  readonly skipRows: number
  readonly errorCells: 'refuse' | 'null' | 'text'
  readonly maxRecordBytes: number
}

interface Row {
  readonly number: number
  readonly values: (string | undefined)[]
  /** Why the value of a cell may not be taken. */
  readonly faults: Map<number, string>
}

/** Opens a sheet and reads its header. @param columns  values of a row when there is no header */
export async function openSheet(
  workbook: Workbook,
  options: SheetOptions,
  { file, columns }: { readonly file: string; readonly columns: number },
): Promise<RecordFile> {
  const sheet = new SheetFile(workbook, options, file, columns)
  try {
    if (options.header) await sheet.readHeader()
    return sheet
  } catch (error) {
    await sheet.close()
    throw error
  }
}

class SheetFile implements RecordFile {
  readonly #workbook: Workbook
  readonly #options: SheetOptions
  readonly #file: string
  readonly #parser: PartParser
  #expected: number
  #rows: Row[] = []
  #at = 0
  #current = 0
  #isEnded = false
  #row: Row | undefined
  #lastRow = 0
  #column = -1
  #type = ''
  #style = 0
  #value: string | undefined
  #hasFormula = false
  #isText = false
  #isPhonetic = false
  header: readonly string[] | undefined

  constructor(workbook: Workbook, options: SheetOptions, file: string, columns: number) {
    this.#workbook = workbook
    this.#options = options
    this.#file = file
    this.#expected = columns
    const handler = {
      open: (name: string, attributes: Readonly<Record<string, string>>) => this.#open(name, attributes),
      text: (text: string) => {
        if (this.#isText) this.#value = (this.#value ?? '') + text
      },
      close: (name: string) => this.#close(name),
    }
    this.#parser = new PartParser(`${file}: ${workbook.sheet}`, handler, options.maxRecordBytes)
  }

  async readHeader(): Promise<void> {
    while (this.#rows.length === 0) {
      if (!(await this.more())) {
        throw failure('file-records-malformed', `${this.#where()} has no header`, {
          path: 'query.format',
          fix: 'Set `format.header: false`, or choose another sheet',
        })
      }
    }
    const { values } = this.#rows[this.#at++]!
    this.header = Array.from(values, (value) => value ?? '')
    this.#expected = values.length
  }

  next(): RawRecord | undefined {
    const row = this.#rows[this.#at]
    if (row === undefined) return undefined
    this.#at++
    this.#current = row.number
    if (row.values.length > this.#expected) {
      throw failure(
        'file-records-malformed',
        `${this.#file}, ${this.placeOf(row.values.length - 1)} has a value outside of the ${this.#expected} columns`,
        { path: 'query.format', fix: 'Give every column a heading, or correct `skipRows`' },
      )
    }
    const record = textRecord(row.values, this.#expected)
    return row.faults.size === 0 ? record : { ...record, faults: row.faults }
  }

  async more(): Promise<boolean> {
    if (this.#at >= this.#rows.length) {
      this.#rows = []
      this.#at = 0
    }
    if (this.#isEnded) return false
    const { value, done } = await this.#workbook.bytes.next()
    this.#isEnded = done === true
    if (value instanceof Uint8Array) this.#parser.write(value)
    else this.#parser.end()
    return !this.#isEnded || this.#rows.length > 0
  }

  placeOf(cell?: number): string {
    const place = cell === undefined ? `row ${this.#current}` : `cell ${lettersOf(cell)}${this.#current}`
    return `sheet ${shown(this.#workbook.sheet)}, ${place}`
  }

  async close(): Promise<void> {
    await this.#workbook.bytes.return(undefined)
  }

  #open(
    name: string,
    { r: reference, t: type = 'n', s: style = '0' }: Readonly<Record<string, string>>,
  ): void {
    if (name === 'row') {
      this.#lastRow = reference === undefined ? this.#lastRow + 1 : this.#rowNumber(reference)
      this.#row = { number: this.#lastRow, values: [], faults: new Map() }
      this.#column = -1
    } else if (name === 'c') {
      this.#column = reference === undefined ? this.#column + 1 : this.#columnOf(reference)
      this.#type = type
      this.#style = Number(style)
      this.#value = undefined
      this.#hasFormula = false
    } else if (name === 'f') this.#hasFormula = true
    else if (name === 'rPh') this.#isPhonetic = true
    else if (name === 'v' || (name === 't' && this.#type === 'inlineStr' && !this.#isPhonetic)) {
      this.#isText = true
      this.#value ??= ''
    }
  }

  #close(name: string): void {
    if (name === 'v' || name === 't') this.#isText = false
    else if (name === 'rPh') this.#isPhonetic = false
    else if (name === 'c' && this.#row !== undefined) this.#endCell(this.#row)
    else if (name === 'row' && this.#row !== undefined) {
      // Rows without a value are no records.
      if (this.#row.number > this.#options.skipRows && this.#row.values.length > 0) this.#rows.push(this.#row)
      this.#row = undefined
    }
  }

  #endCell({ values, faults }: Row): void {
    const column = this.#column
    if (this.#value === undefined) {
      if (!this.#hasFormula) return
      faults.set(column, 'has a formula that was never computed: open the file with Excel and save it')
      values[column] = ''
      return
    }
    const text = this.#textOf(this.#value)
    if (text === undefined) {
      faults.set(
        column,
        this.#type === 'e' ? 'has an error of Excel, such as #N/A' : 'has a value that Excel would not write',
      )
      values[column] = ''
    } else if (text !== null) values[column] = text
  }

  /** @returns null for no value, undefined for one that may not be taken */
  #textOf(value: string): string | null | undefined {
    switch (this.#type) {
      case 's':
        return /^\d+$/.test(value) ? this.#workbook.strings.at(Number(value)) : undefined
      case 'b':
        return value === '1' ? 'true' : value === '0' ? 'false' : undefined
      case 'e': {
        const { errorCells } = this.#options
        return errorCells === 'refuse' ? undefined : errorCells === 'null' ? null : value
      }
      case 'n': {
        if (value === '') return null
        if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return undefined
        const kind = this.#workbook.kinds[this.#style] ?? 'number'
        return kind === 'number' ? value : serialText(value, kind, this.#workbook.is1904)
      }
      case 'str':
      case 'inlineStr':
        return unescapeText(value)
      case 'd':
        return value
      default:
        return undefined
    }
  }

  #rowNumber(reference: string): number {
    const number = Number(reference)
    if (!Number.isInteger(number) || number <= this.#lastRow || number > MAX_ROWS) throw this.#misplaced()
    return number
  }

  #columnOf(reference: string): number {
    const [, letters = ''] = /^([A-Z]{1,3})\d+$/.exec(reference) ?? []
    const column = Array.from(letters).reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0) - 1
    if (column <= this.#column || column >= MAX_COLUMNS) throw this.#misplaced()
    return column
  }

  #misplaced(): Error {
    return failure('file-records-malformed', `${this.#where()} has rows or cells that are not in order`, {
      path: 'query.path',
      fix: 'Open the file with Excel and save it again as .xlsx',
    })
  }

  #where(): string {
    return `${this.#file}, sheet ${shown(this.#workbook.sheet)}`
  }
}

function lettersOf(column: number): string {
  const before = Math.floor(column / 26)
  return `${before === 0 ? '' : lettersOf(before - 1)}${String.fromCharCode(65 + (column % 26))}`
}
