import { resolve } from 'node:path'
import { applicationPage, asyncApiDocument } from '@bulkhead/contract'
import { behaviourOf, digestOf } from '@bulkhead/engine/application/behaviour'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { type Answer, jsonAnswer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'

/** What an application offers to those who ask it: a page for people, a document for programs. */
export async function docs(
  folder: string,
  options: { readonly environment?: string; readonly asyncapi?: boolean },
  terminal: Terminal,
): Promise<Answer> {
  const { environment } = options
  const variables = terminal.environment
  const application = await readApplication(resolve(terminal.folder, folder), { environment, variables })
  const { manifest } = application
  if (options.asyncapi === true) {
    const behaviour = await behaviourOf(application, { catalog: await installedCatalog(), variables })
    return jsonAnswer(asyncApiDocument(manifest, { version: digestOf(behaviour).digest.slice(0, 12) }))
  }
  const page = applicationPage(manifest)
  return { value: { application: application.name, markdown: page }, text: () => page }
}
