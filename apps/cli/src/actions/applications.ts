import {
  applicationHistorySchema,
  type ApplicationList,
  applicationListSchema,
  applicationViewSchema,
  ownEngine,
  revisionListSchema,
} from '@bulkhead/contract'
import { serverClient, type ServerOptions } from '../server/server-client.ts'
import type { Answer } from '../terminal/answer.ts'
import { printable } from '../terminal/printable.ts'
import type { Style } from '../terminal/style.ts'
import { renderPairs, renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'

export async function listApplications(options: ServerOptions, terminal: Terminal): Promise<Answer> {
  const client = await serverClient(options, terminal)
  const list = await client.call('GET', '/applications', applicationListSchema)
  return {
    value: list,
    text: (style, columns) =>
      [
        list.items.length === 0
          ? 'No applications'
          : renderTable(
              [
                { title: 'application' },
                { title: 'revision', align: 'right' },
                { title: 'digest' },
                { title: 'jobs' },
                { title: 'owner' },
              ],
              list.items.map(({ name, number, revision, jobs, owner }) => [
                name,
                String(number ?? ''),
                revision.slice(0, 12),
                jobs.map((job) => job.name).join(', '),
                owner,
              ]),
              style,
              columns,
            ),
        ...asideLines(list.setAside, style),
      ].join('\n'),
  }
}

export async function showApplication(
  name: string,
  options: ServerOptions,
  terminal: Terminal,
): Promise<Answer> {
  const client = await serverClient(options, terminal)
  const one = await client.call('GET', applicationPath(name), applicationViewSchema)
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ['application', one.name],
    ['revision', `${one.number ?? ''} ${one.revision}`.trim()],
    ['environment', one.environment],
    ['engine', one.engine],
    ['owner', one.owner],
    ['description', one.description],
    ['jobs', one.jobs.map((job) => `${job.name} ${Object.keys(job.parameters).join(' ')}`.trim()).join('\n')],
    ['triggers', one.triggers.join('\n') || undefined],
    ['replies', one.replies.join('\n') || undefined],
    ['waiting', one.queued === undefined ? undefined : String(one.queued)],
  ]
  return {
    value: one,
    text: (style) =>
      [
        renderPairs(
          pairs.flatMap(([title, value]) =>
            value === undefined ? [] : [[title, value.split('\n').map(printable).join('\n')] as const],
          ),
          style,
        ),
        ...asideLines(one.setAside ?? [], style),
      ].join('\n'),
  }
}

export async function listRevisions(
  name: string,
  options: ServerOptions & { readonly before?: number; readonly limit: number },
  terminal: Terminal,
): Promise<Answer> {
  const { before, limit } = options
  const client = await serverClient(options, terminal)
  const path = `${applicationPath(name)}/revisions`
  const list = await client.call('GET', path, revisionListSchema, { query: { before, limit } })
  return {
    value: list,
    text: (style, columns) =>
      [
        renderTable(
          [
            { title: 'revision', align: 'right' },
            { title: 'digest' },
            { title: 'accepted' },
            { title: 'by' },
            { title: 'state' },
          ],
          list.items.map(({ number, revision, acceptedAt, actor, isCurrent, fault }) => [
            String(number),
            revision.slice(0, 12),
            acceptedAt.slice(0, 19).replace('T', ' '),
            actor,
            [isCurrent ? 'current' : '', fault === undefined ? '' : `set aside: ${fault.message}`]
              .filter((part) => part !== '')
              .join(', '),
          ]),
          style,
          columns,
        ),
        ...(list.next === undefined ? [] : [style.dim(`Older ones: --before ${list.next}`)]),
      ].join('\n'),
  }
}

export async function showHistory(
  name: string,
  options: ServerOptions & { readonly before?: number; readonly limit: number },
  terminal: Terminal,
): Promise<Answer> {
  const { before, limit } = options
  const client = await serverClient(options, terminal)
  const path = `${applicationPath(name)}/history`
  const list = await client.call('GET', path, applicationHistorySchema, { query: { before, limit } })
  return {
    value: list,
    text: (style, columns) =>
      [
        renderTable(
          [
            { title: 'when' },
            { title: 'who' },
            { title: 'what' },
            { title: 'revision', align: 'right' },
            { title: 'digest' },
            { title: 'changed' },
          ],
          list.items.map(({ at, actor, type, data }) => [
            at.slice(0, 19).replace('T', ' '),
            actor,
            type,
            textOf(data['number']),
            textOf(data['digest']).slice(0, 12),
            changedText(data),
          ]),
          style,
          columns,
        ),
        ...(list.next === undefined ? [] : [style.dim(`Earlier: --before ${list.next}`)]),
      ].join('\n'),
  }
}

/** What became another, for each kind of event. */
function changedText({ changed, engine, before, message }: Readonly<Record<string, unknown>>): string {
  if (message !== undefined) return textOf(message)
  if (engine !== undefined) return `${textOf(before ?? ownEngine)} → ${textOf(engine ?? ownEngine)}`
  return Array.isArray(changed) ? changed.map(textOf).join(', ') : ''
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

export async function removeApplications(
  names: readonly string[],
  options: ServerOptions & { readonly plan?: boolean; readonly planHash?: string },
  terminal: Terminal,
): Promise<Answer> {
  const { apply, planOnServer } = await import('./apply.ts')
  if (options.plan !== true) return await apply(undefined, { ...options, remove: names }, terminal)
  const { planAnswer } = await import('./plan-applications.ts')
  return planAnswer(await planOnServer(undefined, { ...options, remove: names }, terminal), undefined)
}

function applicationPath(name: string): string {
  return `/applications/${encodeURIComponent(name)}`
}

function asideLines(aside: ApplicationList['setAside'], style: Style): readonly string[] {
  return aside.map(({ name, number, code, message }) => {
    const what = [name === undefined ? 'a folder' : printable(name), number && `revision ${number}`]
    return `${style.bad('set aside')}  ${what.filter(Boolean).join(' ')}: ${printable(message)}  ${style.dim(code)}`
  })
}
