/** What the documents tell a newcomer to type or to open exists. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readManifest } from './checkout.ts'

const documents = [
  '*.md',
  'docs/**/*.md',
  'connectors/*/*.md',
  'examples/**/*.md',
  'packages/*/*.md',
  'apps/*/*.md',
]

export interface DocumentReport {
  /** How many commands and links were looked at. */
  readonly commands: number
  readonly links: number
  /** Faults as `file: what is wrong`. */
  readonly faults: readonly string[]
}

/**
 * @param subcommands  of `bulkhead`; only code is held against them, not prose about what is to come
 */
export function checkDocuments(checkout: string, subcommands: ReadonlySet<string>): DocumentReport {
  const scripts = new Set(Object.keys(readManifest(checkout, '.').scripts ?? {}))
  const faults: string[] = []
  let commands = 0
  let links = 0
  for (const file of globSync(documents, {
    cwd: checkout,
    exclude: (name) => name === 'node_modules',
  }).toSorted()) {
    const text = readFileSync(join(checkout, file), 'utf8')
    for (const { command, name } of commandsIn(text, file)) {
      commands++
      if (command === 'npm' && !scripts.has(name)) faults.push(`${file}: there is no npm run ${name}`)
      if (command === 'bulkhead' && !subcommands.has(name))
        faults.push(`${file}: there is no command bulkhead ${name}`)
    }
    for (const [, target = ''] of withoutCode(text).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      links++
      if (!existsSync(join(checkout, dirname(file), target)))
        faults.push(`${file}: there is no ${target} to link to`)
    }
  }
  return { commands, links, faults }
}

interface Command {
  readonly command: 'npm' | 'bulkhead'
  readonly name: string
}

/** Commands in blocks of code; in documents for newcomers also those in the text. */
function* commandsIn(text: string, file: string): Generator<Command> {
  const blocks = [...text.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)].map(
    ([, block = '']) => block,
  )
  const spans = /^(README|CONTRIBUTING)\.md$|^(connectors|examples)\//.test(file)
    ? [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
    : []
  for (const line of [...blocks.flatMap((block) => block.split('\n')), ...spans]) {
    const code = line.replace(/\s#.*$/, '').trim()
    const [, script] = /^npm (?:run (?:-s )?)?([\w:-]+)/.exec(code) ?? []
    if (
      script !== undefined &&
      !['ci', 'install', 'i', 'pack', 'publish', 'view', 'link', 'exec', 'x'].includes(script)
    ) {
      yield { command: 'npm', name: script }
    }
    const [, verb] = /^(?:npx )?bulkhead ([a-z][\w-]*)/.exec(code) ?? []
    if (verb !== undefined) yield { command: 'bulkhead', name: verb }
  }
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')
}
