/** The command `bulkhead` as a library: its command line as data, for the reference page and for tests. */
export { buildProgram, overview } from './program.ts'
export { runCommandLine } from './command-line.ts'
export type { Terminal, Channel } from './terminal/terminal.ts'
