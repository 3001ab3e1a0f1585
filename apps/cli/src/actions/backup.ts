import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Answer } from '../terminal/answer.ts'
import { renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface CopyChoice {
  readonly platform?: string
}

export async function backUp(file: string, choice: CopyChoice, terminal: Terminal): Promise<Answer> {
  const { backUpServer } = await import('@bulkhead/server')
  const options = optionsOf(file, choice, terminal)
  await backUpServer(options)
  const { size } = statSync(options.file)
  return {
    value: { file: options.file, bytes: size },
    text: () => `Wrote ${options.file}, ${size.toLocaleString('en')} bytes`,
  }
}

export async function restore(file: string, choice: CopyChoice, terminal: Terminal): Promise<Answer> {
  const { restoreServer } = await import('@bulkhead/server')
  const rows = await restoreServer(optionsOf(file, choice, terminal))
  return {
    value: { rows },
    text: (style, columns) =>
      renderTable(
        [{ title: 'table' }, { title: 'rows', align: 'right' }],
        Object.entries(rows).map(([table, count]) => [table, String(count)]),
        style,
        columns,
      ),
  }
}

function optionsOf(
  file: string,
  { platform }: CopyChoice,
  { folder, environment }: Terminal,
): {
  readonly platformFile: string | undefined
  readonly environment: Terminal['environment']
  readonly file: string
} {
  return {
    platformFile: platform === undefined ? undefined : resolve(folder, platform),
    environment,
    file: resolve(folder, file),
  }
}
