/**
 * Loaded into servers and runners by `--import`. At each instant that the platform names it looks for an order
 * in the folder of its own URL, takes it, and obeys: it kills its process, or freezes it. Who takes an order
 * is alone in that, because a file is renamed once.
 */
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const url = new URL(import.meta.url)
const folder = url.searchParams.get('orders') ?? ''
const moments = (url.searchParams.get('moments') ?? '').split(',')

for (const moment of moments)
  subscribe(`bulkhead:${moment}`, () => {
    const taken = join(folder, `${moment}.taken`)
    try {
      renameSync(join(folder, `${moment}.order`), taken)
    } catch {
      return // no order
    }
    const signal = readFileSync(taken, 'utf8') as NodeJS.Signals
    appendFileSync(join(folder, 'obeyed'), `${JSON.stringify({ moment, signal, pid: process.pid })}\n`)
    process.kill(process.pid, signal)
  })
