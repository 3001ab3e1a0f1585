/** A culprit by its manifest, which is broken in another way whenever it is looked at. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act, Stage } from './culprit.ts'

const kib = 1024
const head = 'apiVersion: bulkhead.dev/v1beta1\nkind: Application\n'
const nine = (item: string): string => `[${Array(9).fill(item).join(', ')}]`
const bomb = Array.from(
  { length: 9 },
  (_, level) => `a${level}: &a${level} ${nine(level === 0 ? 'x' : `*a${level - 1}`)}`,
)

const broken: readonly (string | Buffer)[] = [
  // as much structure as a manifest may have
  Array.from({ length: 2_800 }, (_, index) => `key${index}: value`).join('\n'),
  // as large as one may be, and nothing but structure
  '- a\n'.repeat(kib * 64),
  `${head}metadata: { name: broken-manifest }\nspec: { owner: me, jobs: { extract: { source: nowhere } } }\n`,
  Array.from({ length: 14_000 }, (_, index) => `key${index}: value`).join('\n'),
  '{',
  '['.repeat(kib * 256),
  bomb.join('\n'),
  Buffer.from([0xff, 0xfe, 0x00]),
  // as large as a file of an application may be
  '- a\n'.repeat(kib * kib),
  head,
  '',
]

/** Longer than two looks of a server at the folder, which takes a file that stays as it is. */
const everyMs = 3_000
/** Ways in which it was broken and the server has said so. */
const enough = 2

export function keepBreaking({ served, name, folder }: Stage): Act {
  const stop = new AbortController()
  let line = 0
  const breaking = (async () => {
    for (let turn = 0; !stop.signal.aborted; turn++) {
      await writeFile(join(folder, 'application.yaml'), broken[turn % broken.length] ?? '')
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()
  return {
    async felt() {
      const told = served.log
        .since(line)
        .filter((text) => text.includes('is set aside') && text.includes(name))
      if (told.length < enough) return false
      const body = { requestId: 'x', job: 'extract' }
      const path = `/api/v1/applications/${name}/runs`
      const answer = await served.call(path, { caller: 'culprit', method: 'POST', body })
      await answer.text()
      return answer.status === 404
    },
    mark: () => void (line = served.log.end()),
    async stop() {
      stop.abort()
      await breaking
      await writeFile(join(folder, 'application.yaml'), '{')
      return []
    },
  }
}
