/** The process of a runner, started by a server. With `--describe` it says which build it is, and ends. */
import { engineStatement } from './engine-statement.ts'
import { runRunner } from './run-runner.ts'

if (process.argv[2] === '--describe') {
  process.stdout.write(`${JSON.stringify(engineStatement())}\n`)
  process.exit()
}
await runRunner()
