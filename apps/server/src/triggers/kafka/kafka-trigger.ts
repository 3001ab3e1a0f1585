import { setTimeout as sleep } from 'node:timers/promises'
import { fault, listNames, parseDuration } from '@bulkhead/contract'
import { clusterFault } from '@bulkhead/engine/kafka/cluster-fault'
import { createTopicSender } from '@bulkhead/engine/kafka/topic-sender'
import { createGate } from '../gate.ts'
import type { RunningTrigger, TriggerContext, TriggerOf } from '../trigger.ts'
import { arrivalOf } from './arrival-of.ts'
import { writeDeadLetter } from './dead-letter.ts'
import { joinGroup } from './group-member.ts'
import { type Progress, readPartitions } from './read-partitions.ts'
import { checkRetention } from './retention.ts'
import type { TopicMessage } from './visible-records.ts'

const firstPauseMs = 1000
const longestPauseMs = 10_000

/**
 * Requests from a topic: one consumer group for each trigger, a position committed when all before it is in the
 * repository or in the dead-letter topic, and while the partition is owned. What fails here is tried again for ever,
 * with growing pauses, and concerns this trigger alone (I7).
 */
export function startKafkaTrigger(
  { kafka }: TriggerOf<'kafka'>,
  { served, name, intake, clusters, retention, log, now }: TriggerContext,
): RunningTrigger {
  const application = served.application.name
  const { topic, cluster, group = `bulkhead.${application}.${name}` } = kafka
  const deadLetterTopic = kafka.deadLetterTopic ?? `${topic}.dead-letters`
  const details = { application, trigger: name, topic }
  const stop = new AbortController()
  const progress: Progress = { topicId: undefined, taken: new Map(), ends: new Map() }
  const gate = createGate(now, (reason) => log.warn(`The topic "${topic}" waits: ${reason}`, details))
  let owned: readonly number[] = []
  /** Why nothing is read; undefined: it is read. */
  let failure: string | undefined = 'It is starting'

  async function run(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted;) {
      const startedMs = now()
      try {
        await readTopic()
      } catch (error) {
        if (stop.signal.aborted) break
        const reason = clusterFault(error, topic)
        // what went well for a while begins again with a short pause
        failures = now() - startedMs > longestPauseMs ? 1 : failures + 1
        if (failure !== reason.message)
          log.warn(`The topic "${topic}" is not read: ${reason.message}`, { ...details, code: reason.code })
        failure = reason.message
        const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10))
        await sleep(pauseMs * (1 - Math.random() / 4), undefined, { signal: stop.signal }).catch(
          () => undefined,
        )
      }
    }
  }

  async function readTopic(): Promise<void> {
    const connection = clusters.get(cluster)
    const path = `spec.triggers.${name}.kafka`
    if (connection === undefined)
      throw fault(
        'cluster-unknown',
        `There is no cluster "${cluster}"; there is ${listNames(clusters.keys())}`,
        {
          path: `${path}.cluster`,
        },
      )
    if (deadLetterTopic === topic)
      throw fault('manifest-invalid', 'The dead-letter topic is the topic of requests itself', {
        path: `${path}.deadLetterTopic`,
        fix: 'Name another topic',
      })
    const warning = await checkRetention(connection, topic, parseDuration(retention.requests))
    if (warning !== undefined) log.warn(warning, details)
    await using deadLetters = createTopicSender(connection, deadLetterTopic, { create: true })
    await using member = joinGroup(connection, group, topic)

    const take = async (message: TopicMessage, signal: AbortSignal): Promise<void> => {
      const arrival = arrivalOf(message, application, topic)
      const taken = await gate.pass(() => intake.take(arrival), signal)
      if (taken.is !== 'unreadable') return
      const { error } = taken
      log.warn(`A message of the topic "${topic}" is no request: ${error.message}`, {
        ...details,
        partition: message.partition,
        offset: String(message.offset),
        code: error.code,
      })
      await gate.pass(() => writeDeadLetter(deadLetters, message, topic, error), signal)
    }

    for await (const ownership of member.owned(stop.signal)) {
      owned = ownership.partitions
      failure = undefined
      log.debug(`The topic "${topic}" is read: ${owned.length} partitions`, details)
      await readPartitions({
        member,
        ownership,
        progress,
        take,
        onRead: (error) => {
          failure = error === undefined ? undefined : clusterFault(error, topic).message
        },
        onGap: (partition, from, to) =>
          log.warn(`Partition ${partition} of "${topic}" has lost messages from ${from} to ${to}`, details),
        stop: stop.signal,
      })
      stop.signal.throwIfAborted()
    }
  }

  const running = run()

  return {
    status() {
      const waits = gate.state()
      return {
        application,
        trigger: name,
        kind: 'kafka',
        isReady: failure === undefined && waits?.isFailure !== true,
        reason: failure ?? waits?.reason,
        lag: lagOf(progress, owned),
      }
    },
    async stop() {
      stop.abort(new Error('The server ends'))
      await running
    },
  }
}

function lagOf({ taken, ends }: Progress, owned: readonly number[]): number {
  let lag = 0n
  for (const partition of owned) {
    const behind = (ends.get(partition) ?? 0n) - (taken.get(partition) ?? 0n)
    if (behind > 0n) lag += behind
  }
  return Number(lag)
}
