import { z } from '@bulkhead/connector-sdk'
import {
  commandTakenSchema,
  type EventView,
  eventListSchema,
  runAcceptedSchema,
  runListSchema,
  type RunLog,
  runLogSchema,
  type RunView,
  runViewSchema,
} from '@bulkhead/contract'
import { serverClient, type ServerClient, type ServerOptions } from '../server/server-client.ts'
import type { Answer } from '../terminal/answer.ts'
import { printable } from '../terminal/printable.ts'
import { formatBytes, formatCount, formatDuration } from '../terminal/quantities.ts'
import type { Style } from '../terminal/style.ts'
import { renderPairs, renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface ListOptions extends ServerOptions {
  readonly application?: string
  readonly job?: string
  readonly state?: string
  readonly requestId?: string
  readonly before?: string
  readonly limit: number
}

/** Histories and logs come page by page; a longer one is nothing for a terminal (I8). */
const MOST_PAGES = 200

export async function listRuns(options: ListOptions, terminal: Terminal): Promise<Answer> {
  const { application, job, state, requestId, before, limit } = options
  const client = await serverClient(options, terminal)
  const path = application === undefined ? '/runs' : `/applications/${encodeURIComponent(application)}/runs`
  const list = await client.call('GET', path, runListSchema, {
    query: { job, state, requestId, before, limit },
  })
  return {
    value: list,
    text: (style, columns) =>
      [
        list.items.length === 0 ? 'No runs' : runTable(list.items, style, columns),
        ...(list.next === undefined ? [] : [style.dim(`Older ones: --before ${list.next}`)]),
      ].join('\n'),
  }
}

export async function showRun(run: string, options: ServerOptions, terminal: Terminal): Promise<Answer> {
  const client = await serverClient(options, terminal)
  const [view, events] = await Promise.all([
    client.call('GET', runPath(run), runViewSchema),
    allPages(client, `${runPath(run)}/events`, eventListSchema, ({ items }) => items),
  ])
  return {
    value: { ...view, events },
    text: (style) =>
      [renderRun(view, style), '', ...events.map((event) => renderEvent(event, style))].join('\n'),
  }
}

export async function printLog(run: string, options: ServerOptions, terminal: Terminal): Promise<Answer> {
  const client = await serverClient(options, terminal)
  const lines = await allPages(client, `${runPath(run)}/log`, runLogSchema, (page) => page.lines)
  return {
    value: { lines },
    text: (style) =>
      lines.map((line) => renderLogLine(line, style)).join('\n') ||
      `No code and no connector of the run told anything. What became of it: bulkhead runs show ${run}`,
  }
}

export async function cancelRun(
  run: string,
  options: ServerOptions & { readonly reason?: string },
  terminal: Terminal,
): Promise<Answer> {
  const { reason } = options
  const client = await serverClient(options, terminal)
  const body = reason === undefined ? {} : { reason }
  const taken = await client.call('POST', `${runPath(run)}/cancel`, commandTakenSchema, { body })
  return {
    value: taken,
    text: () => (taken.is === 'effective' ? 'The run is cancelled' : 'The run is told to end'),
  }
}

export async function retryRun(run: string, options: ServerOptions, terminal: Terminal): Promise<Answer> {
  const client = await serverClient(options, terminal)
  const accepted = await client.call('POST', `${runPath(run)}/retry`, runAcceptedSchema)
  return {
    value: accepted,
    text: (style) => `Attempt ${accepted.attempt} is queued: run ${style.name(accepted.runId)}`,
  }
}

export function runPath(run: string): string {
  return `/runs/${encodeURIComponent(run)}`
}

const paged = z.object({ next: z.string().optional() })

async function allPages<P extends z.output<typeof paged>, T>(
  client: ServerClient,
  path: string,
  schema: z.ZodType<P>,
  itemsOf: (page: P) => readonly T[],
): Promise<T[]> {
  const items: T[] = []
  let after: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await client.call('GET', path, schema, { query: { limit: 500, after } })
    items.push(...itemsOf(answer))
    after = answer.next
    if (after === undefined) break
  }
  return items
}

function runTable(runs: readonly RunView[], style: Style, columns: number): string {
  return renderTable(
    [
      { title: 'run' },
      { title: 'application' },
      { title: 'job' },
      { title: 'state' },
      { title: 'accepted' },
      { title: 'waited', align: 'right' },
      { title: 'took', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: 'request' },
    ],
    runs.map((run) => [
      run.runId,
      run.application,
      run.job ?? '',
      run.state,
      run.acceptedAt.slice(0, 19).replace('T', ' '),
      waitedOf(run),
      tookOf(run),
      rowsOf(run),
      run.requestId,
    ]),
    style,
    columns,
  )
}

/** One run for people; what is in it is others' text. */
export function renderRun(run: RunView, style: Style): string {
  const { reply } = run
  const paint = { failed: style.bad, completed: style.good }[run.state as string] ?? style.note
  const pairs: [string, string | undefined][] = [
    ['run', run.runId],
    ['state', paint(run.state)],
    ['application', run.application],
    ['job', run.job],
    ['request', run.requestId],
    ['source', run.requestSource === '' ? undefined : run.requestSource],
    ['attempt', String(run.attempt)],
    ['engine', run.engine],
    ['asked by', run.actor],
    ['accepted', run.acceptedAt],
    ['waited', waitedOf(run) || undefined],
    ['waits for', run.waiting && waitsFor(run.waiting, run.waitsFor)],
    ['started', run.startedAt],
    ['finished', run.finishedAt],
    ['took', tookOf(run) || undefined],
    ['rows', rowsOf(run) || undefined],
    ['bytes', reply?.result === undefined ? undefined : formatBytes(reply.result.bytes)],
    ['prepared', reply?.prepared && `by ${reply.prepared.by}, from ${reply.prepared.connection}`],
    ['flags', reply?.flags && JSON.stringify(reply.flags)],
    ['files', reply?.result?.files.map(({ name, location }) => location ?? name).join('\n')],
    ['kept until', run.resultGoneAt === undefined ? reply?.result?.keptUntil : undefined],
    [
      'reused from',
      run.reusedFrom &&
        `${run.reusedFrom}${reply?.reusedFrom === undefined ? '' : `, read at ${reply.reusedFrom.readAt}`}`,
    ],
    ['result gone', run.resultGoneAt],
    ['warnings', reply?.warnings.join('\n') || undefined],
    ['error', reply?.error && `${reply.error.message} (${reply.error.code})`],
    ['fix', reply?.error?.fix],
  ]
  return renderPairs(
    pairs.flatMap(([name, value]) =>
      value === undefined
        ? []
        : [[name, name === 'state' ? value : value.split('\n').map(printable).join('\n')] as const],
    ),
    style,
  )
}

export function renderEvent({ at, type, actor, data }: EventView, style: Style): string {
  const details = Object.entries(data)
    .map(
      ([name, value]) =>
        ` ${style.dim(`${name}=`)}${printable(typeof value === 'string' ? value : JSON.stringify(value))}`,
    )
    .join('')
  return `${style.dim(at)} ${style.bold(printable(type))} ${style.dim('by')} ${printable(actor)}${details}`
}

function renderLogLine({ at, level, message, fields = {} }: RunLog['lines'][number], style: Style): string {
  const details = Object.entries(fields)
    .map(
      ([name, value]) =>
        ` ${style.dim(`${printable(name)}=`)}${printable(typeof value === 'string' ? value : JSON.stringify(value))}`,
    )
    .join('')
  const paint = { debug: style.dim, info: (text: string) => text, warn: style.note, error: style.bad }[level]
  return `${style.dim(new Date(at).toISOString())} ${paint(level.padEnd(5))} ${printable(message)}${details}`
}

/** Empty for a server of before, which does not tell. */
function waitedOf({ waitedSeconds }: RunView): string {
  return waitedSeconds === undefined ? '' : formatDuration(waitedSeconds * 1000)
}

function waitsFor({ for: what, system = '' }: NonNullable<RunView['waiting']>, run = ''): string {
  return {
    runners: 'a runner process',
    concurrentRuns: 'other runs of its application to end (policy.limits.concurrentRuns)',
    system: `a place at the source system ${system}`,
    identicalRequest: `the result of an identical request, run ${run}`,
  }[what]
}

function tookOf({ startedAt, finishedAt }: RunView): string {
  return startedAt === undefined || finishedAt === undefined
    ? ''
    : formatDuration(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)))
}

function rowsOf({ reply, progress }: RunView): string {
  const rows = reply?.result?.rows ?? progress?.rows
  return rows === undefined || rows === null ? '' : formatCount(rows)
}
