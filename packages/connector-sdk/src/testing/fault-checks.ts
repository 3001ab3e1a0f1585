import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { z } from 'zod'
import { isBulkheadError } from '../errors.ts'
import { readRequest } from './collect.ts'
import { connect } from './connect.ts'
import { expectFailure, within, withContext } from './expect.ts'
import { startProxy, type Proxy } from './proxy.ts'
import { encodingShown, secretCanary, secretsIn } from './secret-canary.ts'
import {
  type Check,
  given,
  reasonOf,
  type SourceSubject,
  type Subject,
  type SubjectNetwork,
} from './subject.ts'
import type { TestContext } from './test-context.ts'

type AnySubject = Subject<unknown>

/** How long the checks let a system wait, ms. */
export interface FaultPatience {
  /** What `limits.connectTimeoutMs` is set to where nobody answers. */
  readonly connectMs: number
  /** After that, and after a stop, it must be over. */
  readonly stopMs: number
}

/** Checks of every role: what goes wrong outside of the connector. */
export const faultChecks = (patience: FaultPatience): readonly Check<AnySubject>[] => [
  {
    title: 'refuses a wrong password as such, by kind auth',
    leftOut: ({ wrongPassword }) => reasonOf('wrongPassword', wrongPassword),
    async run(subject) {
      const wrong = given('wrongPassword', subject.wrongPassword)
      const error = await connectionFailure(subject, wrong.config('not the password'), 'a wrong password')
      assert.equal(error.code, wrong.code, `a wrong password failed otherwise: ${error.message}`)
      assert.equal(error.kind, 'auth', `${error.code} is of kind ${error.kind}`)
    },
  },
  {
    title: 'shows no secret in an error, a log or an answer',
    leftOut: ({ wrongPassword }) => reasonOf('wrongPassword', wrongPassword),
    async run(subject) {
      const canary = secretCanary()
      const wrong = given('wrongPassword', subject.wrongPassword).config(canary)
      for (const config of [wrong, subject.config, ...subject.wrongConfigs.map((known) => known.config)]) {
        const secrets = [canary, ...secretsIn(subject.connector.config, config)]
        for (const { where, shown } of await allShown(subject, config)) {
          for (const secret of secrets) {
            const encoding = encodingShown(shown, secret)
            assert.equal(encoding, undefined, `${where} shows a secret ${encoding ?? ''}`)
          }
        }
      }
    },
  },
  {
    title: 'takes a system that is not there for an outage, by kind transient',
    leftOut: ({ network }) => reasonOf('network', network),
    async run(subject) {
      const network = given('network', subject.network)
      const config = network.at({ host: '127.0.0.1', port: await closedPort() })
      const failing = connectionFailure(subject, config, 'a system that is not there', patience)
      const error = await within(patience.connectMs + patience.stopMs, 'finding nobody there', failing)
      assert.equal(error.kind, 'transient', `${error.code} is of kind ${error.kind}`)
      assert.ok(error.ofConnection, `${error.code} is no fault of the connection (ofConnection)`)
    },
  },
  {
    title: 'gives up on a system that never answers, once the time to connect is over',
    leftOut: ({ network }) => reasonOf('network', network),
    run: (subject) =>
      withProxy(given('network', subject.network), async (proxy, config) => {
        proxy.silence()
        const failing = connectionFailure(subject, config, 'a system that never answers', patience)
        const error = await within(patience.connectMs + patience.stopMs, 'giving up', failing)
        assert.equal(error.kind, 'transient', `${error.code} is of kind ${error.kind}`)
      }),
  },
  {
    title: 'takes the settings of every earlier version, which mean what they meant',
    leftOut: ({ settings }) => reasonOf('settings', settings),
    run(subject) {
      const records = given('settings', subject.settings)
      for (const { version, given: written, meant } of records) {
        assert.match(version, /^\d+\.\d+\.\d+$/, `${version} is no version`)
        const parsed = subject.connector.config.safeParse(written)
        assert.ok(parsed.success, `settings of ${version} are refused: ${parsed.error?.message ?? ''}`)
        assert.partialDeepStrictEqual(parsed.data, meant, `settings of ${version} mean something else now`)
      }
      for (const setting of settingsOf(subject)) {
        const isRecorded = records.some(({ given: written }) => Object.hasOwn(written, setting))
        assert.ok(isRecorded, `no version has recorded the setting ${setting}`)
      }
    },
  },
]

/** Runs with a proxy between connector and system. */
export async function withProxy(
  network: SubjectNetwork,
  run: (proxy: Proxy, config: unknown) => Promise<void>,
): Promise<void> {
  const endings: (() => void | Promise<void>)[] = []
  const proxy = await startProxy({ after: (action) => void endings.push(action) }, network)
  try {
    await run(proxy, network.at({ host: proxy.host, port: proxy.port }))
  } finally {
    for (const end of endings) await end()
  }
}

/** Connects in each role, which has to fail. */
function connectionFailure(
  subject: AnySubject,
  config: unknown,
  what: string,
  { connectMs }: { readonly connectMs: number } = { connectMs: 5_000 },
) {
  const limits = { connectTimeoutMs: connectMs, queryTimeoutMs: connectMs }
  return expectFailure(subject, what, () =>
    withContext(
      subject,
      async (context, signal) => void (await connect(subject, context, signal)),
      config,
      limits,
    ),
  )
}

interface Shown {
  readonly where: string
  readonly shown: unknown
}

/** All that a connector lets out while it connects, and while it refuses the wrong queries of its subject. */
async function allShown(subject: AnySubject, config: unknown): Promise<readonly Shown[]> {
  const shown: Shown[] = []
  const parsed = subject.connector.config.safeParse(config)
  if (!parsed.success) return [{ where: 'the refusal of settings', shown: parsed.error }]
  await withContext(
    subject,
    async (context, signal) => {
      const note = (where: string) => (error: unknown) => {
        shown.push({ where, shown: isBulkheadError(error) ? [error.message, error.fix, error] : error })
      }
      await connect(subject, context, signal).then(note('an answer'), note('the error of connecting'))
      await tryWrongQueries(subject, context, signal, note('the error of a query'))
      shown.push({ where: 'the log', shown: context.logged })
    },
    config,
  )
  return shown
}

async function tryWrongQueries(
  subject: AnySubject,
  context: TestContext<unknown>,
  signal: AbortSignal,
  note: (error: unknown) => void,
): Promise<void> {
  const { connector, wrongQueries = [] } = subject as Partial<SourceSubject<unknown>>
  const [form] = connector?.source?.capabilities.forms ?? []
  if (connector?.source === undefined || form === undefined) return
  try {
    await using source = await connector.source.open(context)
    for (const wrong of wrongQueries) {
      await source.prepare(readRequest(wrong, form), signal).then(
        (extract) => extract[Symbol.asyncDispose](),
        (error: unknown) => note(error),
      )
    }
  } catch (error) {
    note(error)
  }
}

/** Names of the settings that the schema knows, of all its alternatives. */
function settingsOf({ connector }: AnySubject): readonly string[] {
  const names = (schema: unknown): string[] => {
    const node = (schema ?? {}) as Readonly<Record<string, unknown>>
    const parts = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => (node[key] ?? []) as unknown[])
    return [...Object.keys(node['properties'] ?? {}), ...parts.flatMap(names)]
  }
  return names(z.toJSONSchema(connector.config, { io: 'input' }))
}

/** A port on which nobody listens: one that somebody just left. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
