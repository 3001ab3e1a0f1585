/** The thirtieth application, which does to the server what it should not. */
import { join } from 'node:path'
import { writeApplication } from '../../test/support/application-folder.ts'

export const culpritName = 'culprit'
export const deeds = ['hang', 'spin', 'flood'] as const
export type Deed = (typeof deeds)[number]

/** Runs of it that are always under way or wait, but for a flood: that has as many as may wait. */
export const askedAtOnce = 16
const mostQueued = 200

const code: Readonly<Record<Deed, string>> = {
  hang: 'return new Promise(() => setInterval(() => undefined, 1000))',
  spin: 'for (;;);',
  flood: 'return row',
}

/** @param folder  of all applications */
export async function writeCulprit(folder: string): Promise<void> {
  const job = (deed: Deed): object => ({
    source: { connection: 'source', query: { path: 'rows.csv', format: { type: 'delimited' } } },
    output: { format: 'csv' },
    process: [{ map: `./${deed}.ts` }],
  })
  await writeApplication(
    join(folder, culpritName),
    culpritName,
    {
      connections: { source: { connector: 'file-records', config: { folder: './in' } } },
      stores: { results: { connector: 'files', config: { folder: './results', createFolder: true } } },
      jobs: Object.fromEntries(deeds.map((deed) => [deed, job(deed)])),
      policy: { limits: { concurrentRuns: 64, queued: mostQueued, memory: '256MiB' } },
    },
    {
      'in/rows.csv': 'id\n1\n2\n',
      ...Object.fromEntries(
        deeds.map((deed) => [
          `${deed}.ts`,
          `export const fields = { id: 'text' }\nexport default function deed(row: object): unknown {\n  ${code[deed]}\n}\n`,
        ]),
      ),
    },
  )
}
