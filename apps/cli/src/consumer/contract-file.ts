import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from '@bulkhead/connector-sdk'
import { checkedBy, fault } from '@bulkhead/contract'
import { readYaml } from '@bulkhead/engine/application/yaml-document'
import { fixtureSchema } from '../test/test-file.ts'

const message = z.record(z.string(), z.unknown())

/** One file of `contracts/`: what a consumer sends, and what it relies on in what comes back. */
export const contractFileSchema = z.strictObject({
  consumer: z.string().min(1).max(200),
  description: z.string().max(500).optional(),
  interactions: z
    .array(
      z.strictObject({
        description: z.string().max(500),
        request: message,
        source: fixtureSchema.optional(),
        /** What the endpoint that prepares the job would answer. */
        prepared: z.record(z.string(), z.unknown()).optional(),
        /** Members of the reply's data that the consumer reads; of a CloudEvent when it has `specversion`. */
        reply: message,
      }),
    )
    .max(1000)
    .default([]),
  /** Recorded as they were: requests that it sent, replies that it took. */
  messages: z.array(message).max(10_000).default([]),
})

export type ContractFile = z.output<typeof contractFileSchema>
export type Interaction = ContractFile['interactions'][number]

export interface Contract {
  /** Below the folder of contracts. */
  readonly path: string
  readonly content: ContractFile
}

/**
 * The contracts of a folder, by name: `.yaml` with interactions, `.json` with one recorded message or a list, `.jsonl` with one a
 * line. The consumer of recorded messages is the name of their file.
 * @throws BulkheadError `usage` when there are none; `manifest-unreadable`, `manifest-invalid` with every fault
 */
export async function readContracts(folder: string): Promise<readonly Contract[]> {
  const files = await readdir(folder).catch((): string[] => [])
  const paths = files.filter((file) => /\.(ya?ml|jsonl?)$/.test(file)).toSorted()
  if (paths.length === 0)
    throw fault('usage', `There are no contracts in ${folder}`, {
      fix: 'Have a consumer publish contracts/NAME.yaml, or name the folder with --contracts',
    })
  return Promise.all(
    paths.map(async (path) => ({ path, content: parse(await readFile(join(folder, path), 'utf8'), path) })),
  )
}

function parse(text: string, path: string): ContractFile {
  const consumer = path.replace(/\.[a-z]+$/, '')
  if (/\.jsonl?$/.test(path)) {
    const messages = recorded(text, path)
    return checkedBy(contractFileSchema, { consumer, messages }, { code: 'manifest-invalid' })
  }
  const document = readYaml(text, path)
  return checkedBy(contractFileSchema, document.value, {
    code: 'manifest-invalid',
    place: (where) => document.placeOf(where),
  })
}

function recorded(text: string, path: string): unknown {
  try {
    if (path.endsWith('.jsonl'))
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as unknown)
    const value = JSON.parse(text) as unknown
    return Array.isArray(value) ? value : [value]
  } catch (cause) {
    throw fault('manifest-unreadable', `${path} is not JSON`, { path, cause })
  }
}
