/**
 * Loaded into servers and runners by `--import`. At each instant that the platform names it looks for an order
 * in the folder of its own URL, takes it, and obeys: it kills its process, freezes it, or stands still while its
 * connections are cut. Who takes an order is alone in that, because a file is renamed once.
 */
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const url = new URL(import.meta.url)
const folder = url.searchParams.get('orders') ?? ''
const moments = (url.searchParams.get('moments') ?? '').split(',')

/** Who gave the order may be dead. */
const heldMs = 2_000
const still = new Int32Array(new SharedArrayBuffer(4))

for (const moment of moments)
  subscribe(`bulkhead:${moment}`, () => {
    const taken = join(folder, `${moment}.taken.${process.pid}`)
    try {
      renameSync(join(folder, `${moment}.order`), taken)
    } catch {
      return // no order
    }
    const { id, act } = JSON.parse(readFileSync(taken, 'utf8')) as {
      readonly id: number
      readonly act: string
    }
    appendFileSync(join(folder, 'obeyed'), `${JSON.stringify({ id, moment, act, pid: process.pid })}\n`)
    if (act !== 'hold') process.kill(process.pid, act as NodeJS.Signals)
    const end = performance.now() + heldMs
    while (act === 'hold' && existsSync(taken) && performance.now() < end) Atomics.wait(still, 0, 0, 5)
  })
