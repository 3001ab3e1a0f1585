import type { Field, LogicalType, Value } from '@bulkhead/connector-sdk'
import type { QuestionOptions } from '../commands/execute.ts'
import type { Answer } from '../terminal/answer.ts'
import { formatNumber } from '../terminal/quantities.ts'
import type { Reporter } from '../terminal/reporter.ts'
import { renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { connectorRoots } from './installed.ts'
import { applicationChoice, processOptions } from './platform.ts'
import { readQuestion } from './question.ts'

/** The first rows of a result, as a table. */
export async function preview(
  folder: string | undefined,
  options: QuestionOptions & { readonly rows: number },
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const { previewRequest } = await import('@bulkhead/runner')
  const { fields, rows, rejected } = await previewRequest({
    ...processOptions(terminal, report),
    application: applicationChoice(terminal, {
      ...options,
      ...(folder !== undefined && { application: folder }),
    }),
    connectorRoots: connectorRoots(),
    request: (application) => readQuestion(options, application, terminal),
    rows: options.rows,
  })
  return {
    value: {
      fields: fields.map(({ name, type, sourceType }) => ({
        name,
        type,
        ...(sourceType !== undefined && { sourceType }),
      })),
      rows: rows.map((row) =>
        Object.fromEntries(fields.map(({ name }) => [name, plainValue(row[name] ?? null)])),
      ),
      rejected,
    },
    text: (style, columns) => {
      const titles = fields.map(({ name, type }) => ({ title: name, align: alignOf(type) }))
      const cells = rows.map((row) => fields.map((field) => cell(row[field.name] ?? null, field)))
      const told = rejected === 0 ? '' : `, ${formatNumber(rejected, 'row')} left out by validate`
      return `${renderTable(titles, cells, style, columns)}\n${style.dim(`${formatNumber(rows.length, 'row')}${told}`)}`
    },
  }
}

const NULL_SIGN = '∅' // an empty text looks different

function cell(value: Value, { booleanText }: Field): string {
  if (value === null) return NULL_SIGN
  if (typeof value === 'boolean') return booleanText?.[value ? 1 : 0] ?? String(value)
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}

function alignOf({ kind }: LogicalType): 'left' | 'right' {
  return kind === 'integer' || kind === 'float' || kind === 'decimal' ? 'right' : 'left'
}

/** As JSON can hold it without losing a digit. */
function plainValue(value: Value): unknown {
  if (typeof value === 'bigint')
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
      ? Number(value)
      : String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
