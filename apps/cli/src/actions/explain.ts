import { didYouMean, errorRegistry, exitCodes, fault } from '@bulkhead/contract'
import type { ErrorKind } from '@bulkhead/connector-sdk'
import type { Answer } from '../terminal/answer.ts'
import { renderPairs, renderTable } from '../terminal/table.ts'
import { installedCatalog } from './installed.ts'

/** An error code, for people and programs. */
interface Explanation {
  readonly code: string
  readonly kind: ErrorKind
  readonly meaning: string
  readonly fix: string
  readonly exitCode: number
  readonly retryable: boolean
  /** Undefined: the platform itself. */
  readonly connector?: string
}

/** Explains one code of the platform or of an installed connector, or lists them all. */
export async function explain(code: string | undefined): Promise<Answer> {
  const all = await explanations()
  if (code === undefined)
    return {
      value: all,
      text: (style, columns) =>
        renderTable(
          [{ title: 'code' }, { title: 'kind' }, { title: 'exit', align: 'right' }, { title: 'meaning' }],
          all.map((one) => [one.code, one.kind, String(one.exitCode), one.meaning]),
          style,
          columns,
        ),
    }
  const found = all.find((one) => one.code === code)
  if (found === undefined)
    throw fault(
      'usage',
      `No error has the code ${code.slice(0, 80)}${didYouMean(
        code,
        all.map((one) => one.code),
      )}`,
      {
        fix: 'See all codes with bulkhead explain',
      },
    )
  return {
    value: found,
    text: (style) =>
      `${style.bold(found.code)}\n\n${renderPairs(
        [
          ['meaning', found.meaning],
          ['fix', found.fix],
          ['kind', found.kind],
          ['exit code', String(found.exitCode)],
          ['try again', found.retryable ? 'may help by itself' : 'helps only after a change'],
          ['from', found.connector === undefined ? 'Bulkhead' : `the connector ${found.connector}`],
        ],
        style,
      )}`,
  }
}

async function explanations(): Promise<readonly Explanation[]> {
  const catalog = await installedCatalog()
  const own = Object.entries(errorRegistry).map(([code, { kind, meaning, fix }]) =>
    explanation(code, kind, meaning, fix),
  )
  const connectors = catalog.list().flatMap(({ name, manifest }) =>
    manifest.errors.map(({ code, kind, meaning, fix }) => ({
      ...explanation(code, kind as ErrorKind, meaning, fix),
      connector: name,
    })),
  )
  return [...own, ...connectors].toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

function explanation(code: string, kind: ErrorKind, meaning: string, fix: string): Explanation {
  const retryable = kind === 'transient' || kind === 'throttled' || kind === 'quota'
  return { code, kind, meaning, fix, exitCode: exitCodes[kind], retryable }
}
