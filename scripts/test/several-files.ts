/** Several files of tests in one process, one after the other, for `runTogether`. */
import { pathToFileURL } from 'node:url'

for (const path of process.argv.slice(2)) await import(pathToFileURL(path).href)
