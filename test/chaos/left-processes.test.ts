import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { processesNaming } from './left-processes.ts'

test(
  'a process that outlives its run of chaos is found by the folder of its orders',
  {
    skip: !existsSync('/proc/self/cmdline') && 'the system does not tell of processes',
  },
  async () => {
    const folder = `/nowhere/${randomUUID()}/orders`
    assert.deepEqual(processesNaming(folder), [])
    // says that it is there and waits to be killed
    const child = spawn('sh', ['-c', 'echo there; read line', encodeURIComponent(folder)])
    await once(child.stdout, 'data')
    try {
      assert.deepEqual(processesNaming(folder), [child.pid])
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    assert.deepEqual(processesNaming(folder), [])
  },
)
