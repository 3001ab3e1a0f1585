import type { Field } from '@bulkhead/connector-sdk'

/** How cells look, as places in the list of styles of a workbook. */

/** Styles that every workbook has. */
export const style = { plain: 0, heading: 1, text: 2, integer: 3, date: 4, timestamp: 5, instant: 6 } as const
const firstDecimal = 7

/** More digits than these a number does not have: see `xlsx-numbers.ts`. */
const mostDigitsShown = 15

/** The style of numbers in a column: decimals show as many digits after the point as their type has. */
export function decimalStyle({ type }: Field): number {
  if (type.kind !== 'decimal' || type.precision === undefined) return style.plain
  const digits = Math.max(0, type.scale ?? 0)
  return digits > mostDigitsShown ? style.plain : firstDecimal + digits
}

/** Codes of formats that Excel does not have built in; the first one is number 164. */
const formatCodes = [
  'yyyy\\-mm\\-dd',
  'yyyy\\-mm\\-dd hh:mm:ss.000',
  // An instant is written in UTC, and says so.
  'yyyy\\-mm\\-dd hh:mm:ss.000"Z"',
  ...Array.from({ length: mostDigitsShown + 1 }, (_, digits) =>
    digits === 0 ? '0' : `0.${'0'.repeat(digits)}`,
  ),
]
const firstFormat = 164
/** Built in: general, text, whole number. */
const [generalFormat, textFormat, integerFormat] = [0, 49, 1]

/** `xl/styles.xml`: the same for every workbook. */
export function stylesXml(): string {
  const formats = formatCodes.map(
    (code, index) => `<numFmt numFmtId="${firstFormat + index}" formatCode="${attribute(code)}"/>`,
  )
  const cells = [
    cellFormat(generalFormat),
    cellFormat(textFormat, 1),
    cellFormat(textFormat),
    cellFormat(integerFormat),
    ...formatCodes.map((_, index) => cellFormat(firstFormat + index)),
  ]
  return [
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n',
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">',
    `<numFmts count="${formats.length}">${formats.join('')}</numFmts>`,
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>',
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>',
    '<fills count="2"><fill><patternFill patternType="none"/></fill>',
    '<fill><patternFill patternType="gray125"/></fill></fills>',
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>',
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>',
    `<cellXfs count="${cells.length}">${cells.join('')}</cellXfs>`,
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>',
    '</styleSheet>',
  ].join('')
}

function cellFormat(format: number, font = 0): string {
  const applied = `${format === generalFormat ? '' : ' applyNumberFormat="1"'}${font === 0 ? '' : ' applyFont="1"'}`
  return `<xf numFmtId="${format}" fontId="${font}" fillId="0" borderId="0" xfId="0"${applied}/>`
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
