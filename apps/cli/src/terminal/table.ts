import { cut, displayWidth, printable } from './printable.ts'
import type { Style } from './style.ts'

export interface TableColumn {
  readonly title: string
  /** Numbers stand at the right. */
  readonly align?: 'left' | 'right'
}

const GAP = '  '
const SMALLEST = 4 // narrower columns tell nothing

/**
 * A plain table: titles, a line, rows. Cells are made printable. A table wider than the terminal has
 * its widest columns cut.
 * @param columns  characters a line; infinite when nobody looks, so that nothing is lost in a file
 */
export function renderTable(
  titles: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  style: Style,
  columns: number,
): string {
  const cells = rows.map((row) => titles.map((_, index) => printable(row[index] ?? '')))
  const wanted = titles.map((column, index) =>
    Math.max(displayWidth(printable(column.title)), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  )
  const widths = fit(wanted, columns - GAP.length * (titles.length - 1))
  const line = (row: readonly string[], paint: (text: string) => string): string =>
    titles
      .map((column, index) => {
        const text = cut(row[index] ?? '', widths[index] ?? 0)
        const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)))
        if (column.align === 'right') return space + paint(text)
        return index === titles.length - 1 ? paint(text) : paint(text) + space
      })
      .join(GAP)
      .trimEnd()
  return [
    line(
      titles.map((column) => printable(column.title)),
      style.bold,
    ),
    style.dim(widths.map((width) => '─'.repeat(width)).join(GAP)),
    ...cells.map((row) => line(row, (text) => text)),
  ].join('\n')
}

/** Names and values, one a line, the values below each other. */
export function renderPairs(
  pairs: readonly (readonly [name: string, value: string])[],
  style: Style,
): string {
  const width = Math.max(0, ...pairs.map(([name]) => displayWidth(name)))
  return pairs
    .map(([name, value]) => {
      const indent = ' '.repeat(width + GAP.length)
      return `${style.dim(name)}${' '.repeat(width - displayWidth(name))}${GAP}${value.replaceAll('\n', `\n${indent}`)}`
    })
    .join('\n')
}

/** Takes width from the widest columns, one level after the other, until all fit or none can give more. */
function fit(wanted: readonly number[], columns: number): number[] {
  const widths = [...wanted]
  while (widths.reduce((sum, width) => sum + width, 0) > columns) {
    const widest = Math.max(...widths)
    if (widest <= SMALLEST) break
    const index = widths.lastIndexOf(widest)
    widths[index] = widest - 1
  }
  return widths
}
