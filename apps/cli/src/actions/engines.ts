import {
  changePlanSchema,
  type EngineList,
  engineListSchema,
  fault,
  ownEngine,
  type RolloutBody,
  rolledOutSchema,
} from '@bulkhead/contract'
import { serverClient, type ServerOptions } from '../server/server-client.ts'
import type { Answer } from '../terminal/answer.ts'
import { printable } from '../terminal/printable.ts'
import type { Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { planAnswer } from './plan-applications.ts'

export async function listEngines(options: ServerOptions, terminal: Terminal): Promise<Answer> {
  const client = await serverClient(options, terminal)
  const list = await client.call('GET', '/engines', engineListSchema)
  return {
    value: list,
    text: (style, columns) =>
      [
        renderTable(
          [{ title: 'engine' }, { title: 'state' }, { title: 'build' }, { title: 'applications' }],
          list.items.map(({ name, state, build = '', applications }) => [
            name,
            state,
            build,
            name === ownEngine ? `${applications.length}` : applications.join(', '),
          ]),
          style,
          columns,
        ),
        ...reasonLines(list, style),
      ].join('\n'),
  }
}

function reasonLines({ items, setAside }: EngineList, style: Style): readonly string[] {
  return [
    ...items.flatMap(({ name, reason }) =>
      reason === undefined ? [] : [`${style.bad(printable(name))}  ${printable(reason)}`],
    ),
    ...setAside.map(
      ({ application, engine, code, message }) =>
        `${style.bad('went back')}  ${printable(application)} from ${printable(engine)}: ${printable(message)}  ${style.dim(code)}`,
    ),
  ]
}

export interface RollOutOptions extends ServerOptions {
  readonly apps?: readonly string[]
  readonly all?: boolean
  readonly back?: boolean
  readonly plan?: boolean
  readonly planHash?: string
}

export async function rollOut(
  engine: string | undefined,
  options: RollOutOptions,
  terminal: Terminal,
): Promise<Answer> {
  const body = bodyOf(engine, options)
  const client = await serverClient(options, terminal)
  if (options.plan === true)
    return planAnswer(await client.call('POST', '/rollouts/plan', changePlanSchema, { body }), undefined)
  const { items } = await client.call('POST', '/rollouts', rolledOutSchema, { body })
  return {
    value: { items },
    text: (style) =>
      items.length === 0
        ? 'No application moves'
        : items
            .map(
              ({ application, is, engine: at }) =>
                `${style.bold(printable(application))}  ${is === 'moved' ? 'is on' : 'stays on'} ${printable(at)}`,
            )
            .join('\n'),
  }
}

function bodyOf(engine: string | undefined, { apps, all, back, planHash }: RollOutOptions): RolloutBody {
  const more = {
    ...(apps !== undefined && { applications: [...apps] }),
    ...(planHash !== undefined && { planHash }),
  }
  if (back === true) return { engine: ownEngine, ...(engine !== undefined && { from: engine }), ...more }
  if (engine === undefined) throw fault('usage', 'Name an engine, or give --back')
  // a whole platform is not moved by what was forgotten
  if (apps === undefined && all !== true) throw fault('usage', 'Give --apps, or --all')
  return { engine, ...more }
}
