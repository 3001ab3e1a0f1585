import type { Field } from '@bulkhead/connector-sdk'
import { writeXmlText, xmlTextLength } from './xlsx-text.ts'
import { columnName } from './xlsx-rows.ts'
import { style, stylesXml } from './xlsx-styles.ts'

/** The parts of a workbook with one sheet; all but the sheet are the same for every result. */

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const package2006 = 'http://schemas.openxmlformats.org/package/2006'
const document2006 = 'http://schemas.openxmlformats.org/officeDocument/2006'
const spreadsheet2006 = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const contentType = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

export const sheetPart = 'xl/worksheets/sheet1.xml'

/** Parts that are written as a whole, by name, in the order in which readers want them. */
export const smallParts: Readonly<Record<string, string>> = {
  '[Content_Types].xml': [
    `${declaration}<Types xmlns="${package2006}/content-types">`,
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>',
    '<Default Extension="xml" ContentType="application/xml"/>',
    `<Override PartName="/xl/workbook.xml" ContentType="${contentType}.sheet.main+xml"/>`,
    `<Override PartName="/${sheetPart}" ContentType="${contentType}.worksheet+xml"/>`,
    `<Override PartName="/xl/styles.xml" ContentType="${contentType}.styles+xml"/>`,
    '</Types>',
  ].join(''),
  '_rels/.rels': relationships([['officeDocument', 'xl/workbook.xml']]),
  'xl/workbook.xml': [
    `${declaration}<workbook xmlns="${spreadsheet2006}" xmlns:r="${document2006}/relationships">`,
    '<sheets><sheet name="Result" sheetId="1" r:id="rId1"/></sheets></workbook>',
  ].join(''),
  'xl/_rels/workbook.xml.rels': relationships([
    ['worksheet', 'worksheets/sheet1.xml'],
    ['styles', 'styles.xml'],
  ]),
  'xl/styles.xml': stylesXml(),
}

/** What stands before the first row of the sheet: the names of the columns, which stay in sight. */
export function sheetHead(fields: readonly Field[]): Uint8Array {
  const names = fields.map(({ name }, index) => {
    const text = xmlText(name)
    return `<c r="${columnName(index)}1" s="${style.heading}" t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`
  })
  return new TextEncoder().encode(
    [
      `${declaration}<worksheet xmlns="${spreadsheet2006}"><sheetViews><sheetView workbookViewId="0">`,
      '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>',
      columnWidths(fields),
      `<sheetData>\n<row r="1">${names.join('')}</row>\n`,
    ].join(''),
  )
}

/** What stands after the last row. */
export const sheetTail = new TextEncoder().encode('</sheetData></worksheet>\n')

/** Dates that find no room are shown as ####. */
function columnWidths(fields: readonly Field[]): string {
  const widths = fields.flatMap(({ type }, index) => {
    if (type.kind !== 'date' && type.kind !== 'timestamp') return []
    const width = type.kind === 'date' ? 12 : 26
    return [`<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`]
  })
  return widths.length === 0 ? '' : `<cols>${widths.join('')}</cols>`
}

function xmlText(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const out = new Uint8Array(xmlTextLength(bytes, 0, bytes.length))
  writeXmlText(out, 0, bytes, 0, bytes.length)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(out)
}

function relationships(targets: readonly (readonly [type: string, target: string])[]): string {
  const items = targets.map(
    ([type, target], index) =>
      `<Relationship Id="rId${index + 1}" Type="${document2006}/relationships/${type}" Target="${target}"/>`,
  )
  return `${declaration}<Relationships xmlns="${package2006}/relationships">${items.join('')}</Relationships>`
}
