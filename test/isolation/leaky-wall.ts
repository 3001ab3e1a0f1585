/**
 * Loaded first into a server by a planted failure: when a runner ends by the exit code of a culprit, the server ends with it, as it
 * would if both were one process.
 */
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'

const { spawn } = childProcess
const ofCulprit = 7

Object.assign(childProcess, {
  spawn(...args: Parameters<typeof spawn>) {
    const child = spawn(...args)
    child.once('exit', (code) => code === ofCulprit && process.exit(ofCulprit))
    return child
  },
})
syncBuiltinESMExports()
