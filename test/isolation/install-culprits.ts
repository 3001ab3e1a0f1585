/** Connector packages that an operator installed and should not have. */
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { connectorJson } from '@bulkhead/connector-sdk/testing'
import connector from './culprit-connector.ts'

const checkout = resolve(import.meta.dirname, '../..')
const version = '1.0.0'

/** `culprit` does what it is told; `broken` does not load, `torn` cannot even be read. */
export async function installCulprits(root: string): Promise<void> {
  const manifest = connectorJson(connector, version)
  const own = await packageOf(root, 'culprit', manifest)
  await copyFile(join(import.meta.dirname, 'culprit-connector.ts'), join(own, 'index.ts'))
  const broken = await packageOf(root, 'broken', { ...manifest, name: 'broken' })
  await writeFile(join(broken, 'index.ts'), "throw new Error('It was never tried')\n")
  const torn = await packageOf(root, 'torn', manifest)
  await writeFile(join(torn, 'connector.json'), '{"name": "torn", ')
}

async function packageOf(root: string, name: string, manifest: unknown): Promise<string> {
  const folder = join(root, name)
  await mkdir(join(folder, 'node_modules/@bulkhead'), { recursive: true })
  await symlink(
    join(checkout, 'packages/connector-sdk'),
    join(folder, 'node_modules/@bulkhead/connector-sdk'),
  )
  const described = { name: `bulkhead-connector-${name}`, version, type: 'module', exports: './index.ts' }
  await writeFile(join(folder, 'package.json'), JSON.stringify(described))
  await writeFile(join(folder, 'connector.json'), JSON.stringify(manifest))
  return folder
}
