import type { Log } from '@bulkhead/connector-sdk'
import type { PlatformSpec, Trigger } from '@bulkhead/contract'
import { canonicalJson } from '@bulkhead/engine/application/canonical-json'
import type { KafkaConnection } from '@bulkhead/engine/kafka/connection'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import type { Intake } from '../intake/intake.ts'
import type { Repository } from '../repository/repository.ts'
import { startCronTrigger } from './cron/cron-trigger.ts'
import { startFolderTrigger } from './folder/folder-trigger.ts'
import { evidenceOf } from './gate.ts'
import type { RunningTrigger, TriggerContext, TriggerStatus } from './trigger.ts'

export interface TriggersOptions {
  readonly applications: Pick<Applications, 'list' | 'get' | 'onChange'>
  readonly intake: Intake
  readonly repository: Pick<Repository, 'fired' | 'lastFired' | 'runs'>
  /** With their secrets; `resolveClusters` of the platform makes it. */
  readonly clusters: ReadonlyMap<string, KafkaConnection>
  readonly platform: Pick<PlatformSpec, 'retention'>
  readonly log: Log
  readonly now: () => number
}

/** All that starts runs besides HTTP. */
export interface Triggers {
  /** Begins to take requests. What a trigger lacks is its own trouble, and shows in its status. */
  start(): void
  status(): readonly (TriggerStatus & {
    /** Another after it was started anew: what an application changes moves no trigger of another (I7). */
    readonly instance: number
  })[]
  /** Takes nothing more; resolves when what was begun is in the repository, and positions are committed. */
  stop(): Promise<void>
}

interface Running {
  readonly trigger: RunningTrigger
  readonly instance: number
}

/** The place of one trigger: what runs there, and what is being done about it. */
interface Place {
  /** Text of what it was started with. */
  wanted: string | undefined
  running: Running | undefined
  /** Ends and starts, one after the other. */
  moving: Promise<void>
}

export function createTriggers(options: TriggersOptions): Triggers {
  const { applications, intake, repository, clusters, platform, log, now } = options
  const places = new Map<string, Place>()
  let unlisten = (): void => undefined
  let instances = 0
  let stopped = false

  /** Starts, ends and moves triggers of this application until they are as its manifest says. What stays the same goes on. */
  function arrange(application: string): void {
    const served = applications.get(application)
    const wanted = new Map(
      Object.entries(served?.application.manifest.spec.triggers ?? {}).map(([name, trigger]) => [
        `${application}/${name}`,
        { name, trigger },
      ]),
    )
    for (const key of places.keys())
      if (key.startsWith(`${application}/`) && !wanted.has(key)) move(key, undefined, undefined)
    if (served === undefined) return
    for (const [key, { name, trigger }] of wanted)
      move(key, startedWith(served, trigger), () => begin(served, name, trigger))
  }

  function move(
    key: string,
    wanted: string | undefined,
    start: (() => Promise<RunningTrigger>) | undefined,
  ): void {
    const place = places.get(key) ?? { wanted: undefined, running: undefined, moving: Promise.resolve() }
    if (place.wanted === wanted || stopped) return
    places.set(key, place)
    place.wanted = wanted
    place.moving = place.moving.then(async () => {
      // the next one begins where this one has committed
      await place.running?.trigger.stop()
      place.running = undefined
      if (stopped || start === undefined || place.wanted !== wanted) return
      place.running = { trigger: await start(), instance: ++instances }
    })
    place.moving.catch((error: unknown) =>
      log.warn(`The trigger ${key} cannot be moved: ${evidenceOf(error)}`),
    )
    place.moving = place.moving.catch(() => undefined)
  }

  async function begin(served: ServedApplication, name: string, trigger: Trigger): Promise<RunningTrigger> {
    const { retention } = platform
    const context: TriggerContext = { served, name, intake, repository, clusters, retention, log, now }
    if ('cron' in trigger) return startCronTrigger(trigger, context)
    if ('folder' in trigger) return startFolderTrigger(trigger, context)
    // the client of Kafka is loaded where there is a topic to read
    const { startKafkaTrigger } = await import('./kafka/kafka-trigger.ts')
    return startKafkaTrigger(trigger, context)
  }

  return {
    start() {
      unlisten = applications.onChange(arrange)
      for (const { application } of applications.list()) arrange(application.name)
    },
    status: () =>
      [...places.values()].flatMap(({ running }) =>
        running === undefined ? [] : [{ ...running.trigger.status(), instance: running.instance }],
      ),
    async stop() {
      stopped = true
      unlisten()
      await Promise.all(
        [...places.values()].map(async (place) => {
          await place.moving
          await place.running?.trigger.stop()
        }),
      )
    },
  }
}

/** All that a trigger takes of its application; its jobs and connections are looked up for each request. */
function startedWith({ baseFolder }: ServedApplication, trigger: Trigger): string {
  return canonicalJson('folder' in trigger ? { trigger, baseFolder } : { trigger })
}
