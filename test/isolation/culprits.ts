/** The culprits: what each does to the server that it shares with twenty-nine others. */
import type { ApplicationSpec } from '../support/application-folder.ts'
import type { Act, Culprit, Stage } from './culprit.ts'
import { type Felt, keepAsking, type KeepAsking } from './keep-asking.ts'
import { keepPoisoning, keepSendingMuch } from './keep-calling.ts'

/** It may have more runs at once than there are processes, and what it wishes for is large. */
const greedy = {
  concurrentRuns: 64,
  queued: 200,
  memory: '256MiB',
  temporary: '16MiB',
  time: 'PT1H',
}

const row = { connector: 'culprit@^1', config: { deed: 'row' } }

function application(source: unknown, job: Readonly<Record<string, unknown>> = {}): ApplicationSpec {
  return {
    connections: { source },
    stores: { results: { connector: 'files', config: { folder: './results', createFolder: true } } },
    jobs: { extract: { source: { connection: 'source', query: {} }, output: { format: 'jsonl' }, ...job } },
    triggers: { drop: { folder: { path: './inbox', settle: 'PT0.2S' } } },
    replies: { main: { file: { folder: './replies' } } },
    policy: { limits: greedy },
  }
}

/** One whose connector does the deed. */
function byConnector(name: string, deed: string, how: KeepAsking): Culprit {
  const spec = application({ connector: 'culprit@^1', config: { deed } })
  return { name, application: () => ({ spec }), begin: (stage) => keepAsking(stage, how) }
}

/** One whose own code does it, in a step of its job. */
function byCode(name: string, code: string, how: KeepAsking): Culprit {
  const spec = application(row, { process: [{ map: './deed.ts' }] })
  const files = {
    'deed.ts': `export const fields = { number: 'integer' }\nexport default function deed(row: object): object {\n${code}\n}\n`,
  }
  return { name, application: () => ({ spec, files }), begin: (stage) => keepAsking(stage, how) }
}

const isRunning = ({ runs }: Felt): boolean => runs.some(({ startedAt }) => startedAt !== undefined)
const failedWith =
  (code: string) =>
  ({ runs }: Felt): boolean =>
    runs.some(({ reply }) => reply?.error?.code === code)

function brokenManifest({ served, name }: Stage): Act {
  const isRefused = async (): Promise<boolean> => {
    const body = { requestId: 'x', job: 'extract' }
    const path = `/api/v1/applications/${name}/runs`
    return (await served.call(path, { caller: 'culprit', method: 'POST', body })).status === 404
  }
  return {
    seen: () =>
      Promise.resolve(served.log.lines.some((line) => line.includes('set aside') && line.includes(name))),
    mark: () => undefined,
    atIt: isRefused,
    stop: () => Promise.resolve([]),
  }
}

/** All of them. */
export const culprits: readonly Culprit[] = [
  byConnector('hangs', 'hang', { seen: isRunning, ends: [] }),
  byCode('spins', '  for (;;);', {
    seen: ({ runs, logged }) =>
      runs.some(({ state }) => state === 'running') && logged('A runner is ready', '"spins"'),
    ends: ['runner-died'],
  }),
  byCode('exhausts-heap', '  for (const kept: object[] = []; ; ) kept.push({ row, text: [kept.length] })', {
    seen: failedWith('memory-exceeded'),
    ends: ['memory-exceeded'],
  }),
  byConnector('exhausts-buffers', 'buffers', {
    seen: failedWith('memory-exceeded'),
    ends: ['memory-exceeded'],
  }),
  byConnector('crashes', 'abort', {
    seen: ({ logged }) => logged('died: signal SIGABRT'),
    ends: ['runner-died'],
  }),
  byCode('exits', '  process.exit(7)', {
    seen: ({ logged }) => logged('died: exit code 7'),
    ends: ['runner-died'],
  }),
  byConnector('floods-log', 'log', {
    seen: ({ logged }) => logged('A runner wrote more than is kept', '"floods-log"'),
    // what its process has written and nobody has read is of its own memory
    ends: ['memory-exceeded'],
  }),
  {
    name: 'floods-queue',
    application: () => ({ spec: application(row) }),
    begin: (stage) =>
      keepAsking(stage, {
        backlog: 1000,
        atOnce: 40,
        seen: ({ refused }) => refused > 0,
        ends: ['completed'],
      }),
  },
  { name: 'sends-poison', application: () => ({ spec: application(row) }), begin: keepPoisoning },
  { name: 'sends-much', application: () => ({ spec: application(row) }), begin: keepSendingMuch },
  {
    name: 'broken-connector',
    application: () => ({ spec: application({ connector: 'broken@^1', config: { deed: 'row' } }) }),
    begin: (stage) => keepAsking(stage, { seen: failedWith('connector-broken'), ends: ['connector-broken'] }),
  },
  {
    name: 'broken-manifest',
    application: () => ({ spec: { ...application(row), jobs: { extract: { source: 'nowhere' } } } }),
    begin: brokenManifest,
  },
  {
    name: 'wrong-password',
    application: ({ refusing }) => ({
      spec: application(
        {
          connector: 'http',
          config: {
            baseUrl: refusing,
            auth: { type: 'basic', user: 'me', password: { secret: 'password' } },
          },
        },
        { source: { connection: 'source', query: { path: 'rows' } } },
      ),
    }),
    begin: (stage) =>
      keepAsking(stage, { seen: failedWith('http-login-refused'), ends: ['http-login-refused'] }),
  },
  {
    name: 'slow-source',
    application: ({ silent }) => ({
      spec: application(
        { connector: 'http', config: { baseUrl: silent } },
        { source: { connection: 'source', query: { path: 'rows' } } },
      ),
    }),
    begin: (stage) => keepAsking(stage, { seen: isRunning, ends: [] }),
  },
  byConnector('fills-disk', 'disk', {
    seen: failedWith('temporary-space-exhausted'),
    ends: ['temporary-space-exhausted'],
  }),
]

/** @throws when there is none of that name: a suite without culprits proves nothing */
export function someOf(names: readonly string[]): readonly Culprit[] {
  return names.map((wanted) => {
    const found = culprits.find(({ name }) => name === wanted)
    if (found === undefined) throw new Error(`There is no culprit ${wanted}`)
    return found
  })
}
