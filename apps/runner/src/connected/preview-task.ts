import type { Field, Value } from '@bulkhead/connector-sdk'
import { type PreviewedRows, readRequest, type TaskWork } from '@bulkhead/contract'
import { previewPlan } from '@bulkhead/engine/run/preview'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { planRequest } from '../plan-request.ts'
import type { RunnerHome } from './runner-home.ts'

/** Longest text of one cell, characters: a preview is looked at. */
const longestCell = 2_000

/** The first rows of what a request would give, as texts. */
export async function previewTask(
  { request: text, rows: most }: Extract<TaskWork, { readonly task: 'preview' }>,
  home: RunnerHome,
  ofTask: RunContext,
): Promise<PreviewedRows> {
  const { application } = home.opened
  const request = readRequest(text)
  const context = home.standIn?.contextOf(request, ofTask) ?? ofTask
  const { redactor, stateFolder, catalog } = home
  const nowMs = context.clock.now()
  const plan = await planRequest({
    application,
    request,
    catalog,
    redactor,
    stateFolder,
    nowMs,
    context: () => context,
  })
  const { fields, rows, rejected } = await previewPlan(plan, most, context)
  const leftOut = rejected === 0 ? [] : [`${rejected} rows were left out by validate`]
  return {
    columns: fields.map(({ name, type, sourceType }) => ({ name, type: sourceType ?? type.kind })),
    rows: rows.map((row) => fields.map((field) => cell(row[field.name] ?? null, field))),
    warnings: home.redactor.redactData([...request.warnings, ...plan.warnings, ...leftOut]),
  }
}

function cell(value: Value, { booleanText }: Field): string | null {
  if (value === null) return null
  if (typeof value === 'boolean') return booleanText?.[value ? 1 : 0] ?? String(value)
  const text = value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
  return text.length > longestCell ? `${text.slice(0, longestCell)}…` : text
}
