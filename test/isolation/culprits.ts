/** The culprits: what each does to the server that it shares with twenty-nine others. */
import type { ApplicationSpec } from '../support/application-folder.ts'
import type { Culprit, Felt } from './culprit.ts'
import { keepAsking, type KeepAsking } from './keep-asking.ts'
import { keepBreaking } from './keep-breaking.ts'
import { keepPoisoning, keepSendingMuch } from './keep-calling.ts'

/** It may have more runs at once than there are processes, and what it wishes for is large. */
export const greedy = {
  concurrentRuns: 64,
  queued: 200,
  memory: '256MiB',
  temporary: '16MiB',
  time: 'PT1H',
}

export const row = { connector: 'culprit@^1', config: { deed: 'row' } }

/** @param more  parts of its manifest in place of those that it has otherwise */
export function culpritSpec(
  source: unknown,
  { job = {}, ...more }: ApplicationSpec & { readonly job?: Readonly<Record<string, unknown>> } = {},
): ApplicationSpec {
  return {
    connections: { source },
    stores: { results: { connector: 'files', config: { folder: './results', createFolder: true } } },
    jobs: { extract: { source: { connection: 'source', query: {} }, output: { format: 'jsonl' }, ...job } },
    triggers: { drop: { folder: { path: './inbox', settle: 'PT0.2S' } } },
    replies: { main: { file: { folder: './replies' } } },
    policy: { limits: greedy },
    ...more,
  }
}

/** One whose connector does the deed. */
function byConnector(name: string, deed: string, how: KeepAsking): Culprit {
  const spec = culpritSpec({ connector: 'culprit@^1', config: { deed } })
  return { name, application: () => ({ spec }), begin: (stage) => keepAsking(stage, how) }
}

/** One whose own code does it, in a step of its job. */
function byCode(name: string, code: string, how: KeepAsking): Culprit {
  const spec = culpritSpec(row, { job: { process: [{ map: './deed.ts' }] } })
  const files = {
    'deed.ts': `export const fields = { number: 'integer' }\nexport default function deed(row: object): object {\n${code}\n}\n`,
  }
  return { name, application: () => ({ spec, files }), begin: (stage) => keepAsking(stage, how) }
}

const isRunning = ({ runs }: Felt): boolean => runs.some(({ state }) => state === 'running')
const failedWith =
  (code: string) =>
  ({ runs }: Felt): boolean =>
    runs.some(({ reply }) => reply?.error?.code === code)

/** All of them. */
export const culprits: readonly Culprit[] = [
  byConnector('hangs', 'hang', { felt: isRunning, ends: [] }),
  byCode('spins', '  for (;;);', {
    felt: ({ runs, logged }) =>
      runs.some(({ state }) => state === 'running') && logged('A runner is ready', '"spins"'),
    ends: ['runner-died'],
  }),
  byCode('exhausts-heap', '  for (const kept: object[] = []; ; ) kept.push({ row, text: [kept.length] })', {
    felt: failedWith('memory-exceeded'),
    ends: ['memory-exceeded'],
  }),
  byConnector('exhausts-buffers', 'buffers', {
    felt: failedWith('memory-exceeded'),
    ends: ['memory-exceeded'],
  }),
  byConnector('crashes', 'abort', {
    felt: ({ logged }) => logged('died: signal SIGABRT'),
    ends: ['runner-died'],
  }),
  byCode('exits', '  process.exit(7)', {
    felt: ({ logged }) => logged('died: exit code 7'),
    ends: ['runner-died'],
  }),
  byConnector('floods-log', 'log', {
    felt: ({ runs, logged }) =>
      logged('A runner wrote more than is kept', '"floods-log"') &&
      runs.some(({ reply }) => reply?.error?.message.includes('wrote more to its output') === true),
    // what its process has written and nobody has read is of its own memory
    ends: ['memory-exceeded'],
  }),
  {
    name: 'floods-queue',
    application: () => ({ spec: culpritSpec(row) }),
    begin: (stage) =>
      keepAsking(stage, {
        backlog: 1000,
        atOnce: 40,
        felt: ({ refused }) => refused > 0,
        ends: ['completed'],
      }),
  },
  { name: 'sends-poison', application: () => ({ spec: culpritSpec(row) }), begin: keepPoisoning },
  { name: 'sends-much', application: () => ({ spec: culpritSpec(row) }), begin: keepSendingMuch },
  {
    name: 'broken-connector',
    application: () => ({ spec: culpritSpec({ connector: 'broken@^1', config: { deed: 'row' } }) }),
    begin: (stage) => keepAsking(stage, { felt: failedWith('connector-broken'), ends: ['connector-broken'] }),
  },
  {
    name: 'broken-manifest',
    application: () => ({ spec: { ...culpritSpec(row), jobs: { extract: { source: 'nowhere' } } } }),
    begin: keepBreaking,
  },
  {
    name: 'wrong-password',
    application: ({ refusing }) => ({
      spec: culpritSpec(
        {
          connector: 'http',
          config: {
            baseUrl: refusing,
            auth: { type: 'basic', user: 'me', password: { secret: 'password' } },
          },
        },
        { job: { source: { connection: 'source', query: { path: 'rows' } } } },
      ),
    }),
    begin: (stage) =>
      keepAsking(stage, { felt: failedWith('http-login-refused'), ends: ['http-login-refused'] }),
  },
  {
    name: 'slow-source',
    application: ({ silent }) => ({
      spec: culpritSpec(
        { connector: 'http', config: { baseUrl: silent } },
        { job: { source: { connection: 'source', query: { path: 'rows' } } } },
      ),
    }),
    begin: (stage) => keepAsking(stage, { felt: isRunning, ends: [] }),
  },
  byConnector('fills-disk', 'disk', {
    felt: failedWith('temporary-space-exhausted'),
    ends: ['temporary-space-exhausted'],
  }),
]
