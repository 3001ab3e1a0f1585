/** The process of a runner, started by a server. */
import { runRunner } from './run-runner.ts'

await runRunner()
