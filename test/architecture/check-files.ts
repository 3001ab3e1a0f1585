/** How files are called, and how long they are. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sourceFiles } from './checkout.ts'

const folders = ['packages', 'apps', 'connectors', 'test', 'scripts', 'bench', 'examples']
const mostLines = 400
const mostLinesOfTests = 800 // tables of cases
// a folder or file that is named after nothing collects everything
const empty = new Set(['common', 'helper', 'helpers', 'manager', 'misc', 'shared', 'util', 'utils'])

/** @returns faults as `file: what is wrong` */
export function checkFiles(checkout: string): readonly string[] {
  const files = sourceFiles(checkout, folders)
  if (files.length === 0) throw new Error('There is no file to check')
  return files.flatMap((file) => {
    const faults: string[] = []
    const stem = basename(file, '.ts')
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+(-[a-z]+)*)*$/.test(stem)) faults.push('its name is not kebab-case')
    if (
      file
        .replace(/\.ts$/, '')
        .split(/[/.]/)
        .some((part) => empty.has(part))
    ) {
      faults.push('it is not named after the one thing inside')
    }
    const lines = readFileSync(join(checkout, file), 'utf8').split('\n')
    const most = file.endsWith('.test.ts') ? mostLinesOfTests : mostLines
    if (lines.length - 1 > most && !/\bone file\b/i.test(header(lines))) {
      faults.push(
        `it has ${lines.length - 1} lines, more than ${most}: split it, or say in its header why it is one file`,
      )
    }
    return faults.map((fault) => `${file}: ${fault}`)
  })
}

/** The comment that a file begins with. */
function header(lines: readonly string[]): string {
  const end = lines.findIndex((line) => line.trim() !== '' && !/^\s*(\/\*|\*|\/\/)/.test(line))
  return lines.slice(0, end === -1 ? undefined : end).join('\n')
}
