/**
 * Looks for secrets where none may be: in texts, in files, and in what processes show of themselves. Made
 * apart from the product's redactor, whose faults it has to find.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What was found: which secret, in which encoding, where. Never the secret itself. */
export type Finding = `${string} (${string}) in ${string}`

export interface SecretSearch {
  /** @param where  for the finding: `stdout`, a path, `environment of a child` */
  text(content: string | Uint8Array, where: string): void
  /** Every file below a folder but those named, by their path in it. */
  files(folder: string, except: readonly string[]): void
  /** How many texts and files were looked at; a search over none proves nothing. */
  readonly searched: number
  readonly findings: readonly Finding[]
}

/** @param secrets  by the name that findings have */
export function secretSearch(secrets: Readonly<Record<string, string>>): SecretSearch {
  const needles = Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(encodings(secret)).map(([encoding, needle]) => ({ name, encoding, needle })),
  )
  const findings = new Set<Finding>()
  let searched = 0

  function text(content: string | Uint8Array, where: string): void {
    searched++
    // bytes as they are: needles are ASCII but for the plain ones, which are made of the same bytes
    const bytes = Buffer.from(content).toString('latin1')
    for (const { name, encoding, needle } of needles)
      if (bytes.includes(needle)) findings.add(`${name} (${encoding}) in ${where}`)
  }

  return {
    text,
    files(folder, except) {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name)
        const name = relative(folder, path)
        text(name, `the name of ${name}`)
        if (entry.isFile() && !except.includes(name)) text(readFileSync(path), name)
      }
    },
    get searched() {
      return searched
    },
    get findings() {
      return [...findings]
    },
  }
}

function encodings(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const percent = encodeURIComponent(secret)
  const found: Record<string, string> = {
    plain: bytes.toString('latin1'),
    json: Buffer.from(json).toString('latin1'),
    'json in ascii': json.replaceAll(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
    'json in json': Buffer.from(JSON.stringify(json).slice(1, -1)).toString('latin1'),
    percent,
    'percent in lower case': percent.replaceAll(/%../g, (escape) => escape.toLowerCase()),
    form: new URLSearchParams({ '': secret }).toString().slice(1),
    hex: bytes.toString('hex'),
    'hex in upper case': bytes.toString('hex').toUpperCase(),
  }
  for (const offset of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const core = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    found[`base64 at ${offset}`] = core
    found[`base64url at ${offset}`] = core.replaceAll('+', '-').replaceAll('/', '_')
  }
  return found
}

/**
 * Looks at a process and its children every few milliseconds, until it is stopped: at the command lines of
 * all, and at the environments of the children. Its own environment it was given, and cannot take back.
 */
export function watchProcesses(pid: number, search: SecretSearch): { stop(): number } {
  const seen = new Set<number>()
  const look = (): void => {
    inspect(pid, 'command')
    // The launcher asks for the platform by a command or two; what counts is what Node starts.
    if (!programOf(pid).endsWith('/node')) return
    const own = String(readProcess(pid, 'cmdline'))
    for (const child of descendants(pid)) {
      // until it has become another program, it is a picture of its parent
      if (String(readProcess(child, 'cmdline')) === own) continue
      seen.add(child)
      inspect(child, 'child')
    }
  }
  const inspect = (process: number, which: 'command' | 'child'): void => {
    const parts = which === 'child' ? ['cmdline', 'environ'] : ['cmdline']
    for (const part of parts) {
      const content = readProcess(process, part)
      if (content !== undefined) search.text(content, `${part} of the ${which}`)
    }
  }
  const timer = setInterval(look, 5)
  return {
    /** @returns how many children were seen */
    stop() {
      clearInterval(timer)
      return seen.size
    },
  }
}

function descendants(pid: number): number[] {
  const tasks = namesIn(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) =>
    (readProcess(pid, `task/${task}/children`)?.toString() ?? '').split(' ').filter(Boolean).map(Number),
  )
  return children.flatMap((child) => [child, ...descendants(child)])
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return '' // the process has ended
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // the process has ended
  }
}

function readProcess(pid: number, file: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`)
  } catch {
    return undefined // the process has ended
  }
}
