/** A process that reads a topic and keeps the ids of its requests in a file: one server of several, to be killed. */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestTopic } from '../../../../../test/support/kafka.ts'
import { memoryIntake, startTrigger } from './topic.test-support.ts'

const [topic = '', group = '', file = '', sessionMs = '10000'] = process.argv.slice(2)
const out = openSync(file, 'a')
const { intake } = memoryIntake(async (_, id) => {
  await sleep(2)
  writeSync(out, `${id}\n`)
})
startTrigger({ after: () => undefined }, JSON.parse(topic) as TestTopic, intake, {
  group,
  sessionMs: Number(sessionMs),
})
