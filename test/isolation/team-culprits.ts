/** Culprits of a broker and of a database: what each does by its topic to a server that it shares. */
import type { ApplicationSpec } from '../support/application-folder.ts'
import type { Culprit, Felt } from './culprit.ts'
import { culpritSpec, greedy, row } from './culprits.ts'
import { keepPoisoningTopic } from './keep-poisoning-topic.ts'
import { keepWriting, type KeepWriting } from './keep-writing.ts'
import type { Team } from './team.ts'

/** Names of all of them, for whoever makes their topics. */
export const teamCulpritNames = [
  'floods-topic',
  'poisons-topic',
  'hangs-behind-topic',
  'slow-database',
] as const

const ended = ({ runs }: Felt, status: string): boolean => runs.some(({ reply }) => reply?.status === status)
const failed = ({ runs }: Felt, code: string): boolean =>
  runs.some(({ reply }) => reply?.error?.code === code)
const running = ({ runs }: Felt): number => runs.filter(({ state }) => state === 'running').length

/** By a database that lets no more in, and by a breaker that has seen it. */
const turnedAway = ['postgres-unavailable', 'connection-paused']

export function teamCulprits({ home, sick, healthy, topicsOf }: Team): readonly Culprit[] {
  type Name = (typeof teamCulpritNames)[number]

  function byTopic(name: Name, spec: ApplicationSpec, begin: Culprit['begin']): Culprit {
    const { requests, replies, group } = topicsOf(name)
    const own = {
      triggers: { topic: { kafka: { cluster: 'main', topic: requests, group } } },
      replies: { main: { kafka: { cluster: 'main', topic: replies } } },
    }
    return { name, application: () => ({ spec: { ...spec, ...own } }), begin }
  }

  /** One whose requests do it. */
  function byRequests(name: Name, spec: ApplicationSpec, how: KeepWriting): Culprit {
    return byTopic(name, spec, (stage) => keepWriting(stage, home.topics, topicsOf(name), how))
  }

  const few = { policy: { limits: { ...greedy, queued: 20 } } }
  const query = (sql: string) => ({ job: { source: { connection: 'source', query: sql } } })
  return [
    // more than it may have waiting, answered as fast as the server can
    byRequests('floods-topic', culpritSpec(healthy, { ...few, ...query('SELECT 1 AS number') }), {
      backlog: 500,
      felt: (felt) => felt.lag > 100 && ended(felt, 'completed'),
      ends: ['completed'],
      endless: false,
    }),
    byTopic('poisons-topic', culpritSpec(row), (stage) =>
      keepPoisoningTopic(stage, home.topics, topicsOf('poisons-topic')),
    ),
    byRequests(
      'hangs-behind-topic',
      culpritSpec({ connector: 'culprit@^1', config: { deed: 'hang' } }, few),
      { backlog: 60, felt: (felt) => felt.lag > 20 && running(felt) > 0, ends: [], endless: true },
    ),
    // of those that it lets in it sends a few bytes a second, and it lets few in
    byRequests(
      'slow-database',
      culpritSpec(sick, {
        ...few,
        ...query('SELECT i AS number, repeat(md5(i::text), 30) AS text FROM generate_series(1, 100000000) i'),
      }),
      {
        backlog: 60,
        // while its connection is paused its requests fail as fast as they come: then none of them waits
        felt: (felt) => running(felt) > 0 && (felt.lag > 20 || turnedAway.some((code) => failed(felt, code))),
        ends: turnedAway,
        endless: true,
      },
    ),
  ]
}
