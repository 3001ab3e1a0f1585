import { resolve } from 'node:path'
import { fault, type ReplyEvent } from '@bulkhead/contract'
import type { Plan } from '@bulkhead/engine'
import type { QuestionOptions } from '../commands/execute.ts'
import type { Answer } from '../terminal/answer.ts'
import { formatBytes, formatDuration, formatNumber } from '../terminal/quantities.ts'
import type { Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { connectorRoots } from './installed.ts'
import { deathOf } from '../supervise/death-of.ts'
import { takeSupervised } from '../supervise/supervised.ts'
import { saysWhatToRun } from './given-request.ts'
import { applicationChoice, openLinks, processOptions } from './platform.ts'
import { readQuestion } from './question.ts'

export interface RunOptions extends QuestionOptions {
  readonly application?: string
  readonly out?: string
  readonly exit?: 'outcome' | 'answered'
  readonly platform?: string
  readonly remember?: boolean
  readonly supervise?: boolean
}

/** Runs one request. The answer is its reply event, also when it failed. */
export async function run(options: RunOptions, terminal: Terminal, report: Reporter): Promise<Answer> {
  if (options.application === undefined && !saysWhatToRun(options, terminal))
    throw fault('usage', 'Nothing says what to run', {
      fix: 'Give --request FILE, or --application FOLDER with --job NAME',
    })
  const { environment } = terminal
  const isBatch = environment['K_EXECUTION_MODE'] === 'batch'
  const supervised = takeSupervised(environment)
  const { runRequest } = await import('@bulkhead/runner')
  const { reply, exitCode, error, undelivered } = await runRequest({
    ...processOptions(terminal, report),
    remember: options.remember ?? isBatch,
    platformFile: options.platform === undefined ? undefined : resolve(terminal.folder, options.platform),
    ...(supervised !== undefined && { runId: supervised.runId, died: deathOf(supervised) }),
    openLinks: openLinks(terminal),
    application: applicationChoice(terminal, options),
    connectorRoots: connectorRoots(),
    request: (application) => readQuestion(options, application, terminal),
    onPlan: (plan) => report.log('info', `Running: ${planLine(plan)}`),
    onProgress: (progress) => report.progress(progress),
  })
  report.clear()
  for (const warning of reply.data.warnings) report.log('warn', warning)
  if (error !== undefined) report.fail(error)
  else report.log('info', summary(reply))
  if (undelivered !== undefined) report.fail(undelivered)
  const isAnswered = exitRule(options, terminal) === 'answered' && undelivered === undefined
  if (isAnswered) terminal.standByExitCode?.()
  return {
    value: reply,
    // one line where a program reads it
    text: (_, columns) => JSON.stringify(reply, undefined, Number.isFinite(columns) ? 2 : 0),
    exitCode: isAnswered ? 0 : exitCode,
  }
}

/** Where a failed container is started again, a failure that was answered would be answered twice. */
function exitRule({ exit }: RunOptions, { environment }: Terminal): 'outcome' | 'answered' {
  return exit ?? (environment['K_EXECUTION_MODE'] === 'batch' ? 'answered' : 'outcome')
}

function planLine({ source, store, output, guarantee }: Plan): string {
  const packed = output.compression === 'none' ? output.format : `${output.format} ${output.compression}`
  return `${source.name} (${source.connector.name}) to ${store.name} (${store.connector.name}) as ${packed}, in ${source.form}, ${guarantee}`
}

function summary({ data }: ReplyEvent): string {
  const { result, startedAt = data.acceptedAt, finishedAt = startedAt } = data
  const rows = result?.rows ?? null
  const took = formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))
  const what = [...(rows === null ? [] : [formatNumber(rows, 'row')]), formatBytes(result?.bytes ?? 0)].join(
    ', ',
  )
  const [file, ...more] = result?.files ?? []
  const where = file === undefined ? '' : `: ${file.location ?? file.name}`
  return `${data.status}, ${what} in ${took}${where}${more.length === 0 ? '' : ` and ${more.length} more`}`
}
