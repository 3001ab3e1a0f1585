import { fault, name } from '@bulkhead/contract'
import type { AlgorithmOption } from '../commands/keys.ts'
import { jsonAnswer, type Answer } from '../terminal/answer.ts'
import { renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** @throws BulkheadError `usage`, `key-exists`, `state-folder-unusable` */
export async function createKey(
  application: string,
  { algorithm }: AlgorithmOption,
  terminal: Terminal,
): Promise<Answer> {
  const folder = await keysOf(application, terminal)
  const { createKey: create } = await import('@bulkhead/engine/keys/private-keys')
  return madeKey(await create(folder, application, algorithm, Date.now()))
}

/** @throws BulkheadError `usage`, `key-missing`, `state-folder-unusable` */
export async function rotateKey(
  application: string,
  { algorithm }: AlgorithmOption,
  terminal: Terminal,
): Promise<Answer> {
  const folder = await keysOf(application, terminal)
  const { rotateKey: rotate } = await import('@bulkhead/engine/keys/private-keys')
  return madeKey(await rotate(folder, application, algorithm, Date.now()))
}

/** @throws BulkheadError `usage`, `key-unknown`, `key-current`, `state-folder-unusable` */
export async function removeKey(application: string, kid: string, terminal: Terminal): Promise<Answer> {
  const folder = await keysOf(application, terminal)
  const { removeKey: remove } = await import('@bulkhead/engine/keys/private-keys')
  await remove(folder, application, kid)
  return { value: { removed: kid }, text: () => `Removed ${kid}` }
}

/** @throws BulkheadError `usage`, `state-folder-unusable` */
export async function listKeys(application: string, terminal: Terminal): Promise<Answer> {
  const folder = await keysOf(application, terminal)
  const { listKeys: list } = await import('@bulkhead/engine/keys/public-keys')
  const keys = (await list(folder, application)).map(({ key, createdAtMs, current }) => ({
    kid: key.kid,
    algorithm: key.alg,
    createdAt: new Date(createdAtMs).toISOString(),
    state: current ? 'current' : 'opens only',
  }))
  const titles = [{ title: 'Key' }, { title: 'Algorithm' }, { title: 'Made' }, { title: 'State' }]
  return {
    value: { application, keys },
    text: (style, columns) =>
      keys.length === 0
        ? style.note(`${application} has no keys; \`bulkhead keys create ${application}\` makes one`)
        : renderTable(
            titles,
            keys.map(({ kid, algorithm, createdAt, state }) => [kid, algorithm, createdAt, state]),
            style,
            columns,
          ),
  }
}

/** @throws BulkheadError `usage`, `key-missing`, `state-folder-unusable` */
export async function exportKeys(application: string, terminal: Terminal): Promise<Answer> {
  const folder = await keysOf(application, terminal)
  const { publishedKeys } = await import('@bulkhead/engine/keys/public-keys')
  const published = await publishedKeys(folder, application)
  if (published.keys.length === 0)
    throw fault('key-missing', `The application "${application}" has no key`, {
      fix: `Make one: \`bulkhead keys create ${application}\``,
    })
  return jsonAnswer(published)
}

/** The state folder, once the name is known to be one. */
async function keysOf(application: string, { environment }: Terminal): Promise<string> {
  if (!name.safeParse(application).success)
    throw fault('usage', 'This is not the name of an application', {
      path: '<application>',
      fix: 'Give metadata.name of its manifest: lower-case letters, digits and single hyphens',
    })
  const { stateFolder } = await import('@bulkhead/engine/links/state-folder')
  return stateFolder(environment)
}

function madeKey({ key }: { readonly key: { readonly kid: string; readonly alg: string } }): Answer {
  return { value: { kid: key.kid, algorithm: key.alg }, text: () => key.kid }
}
