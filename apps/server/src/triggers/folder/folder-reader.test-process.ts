/** A process that takes requests from a folder and keeps their ids in a file: a server that is killed. */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { intakeTo, startFolder } from './folder.test-support.ts'

const [folder = '', file = ''] = process.argv.slice(2)
const out = openSync(file, 'a')
const intake = intakeTo(async (id) => {
  await sleep(5)
  writeSync(out, `${id}\n`)
  await sleep(5)
})
startFolder({ after: () => undefined }, folder, intake)
