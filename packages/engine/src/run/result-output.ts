import type { Batch, Field, Log, Store } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { writeManifest } from '../deliver/manifest.ts'
import { copiedFileKey, objectKey } from '../deliver/object-key.ts'
import { type DeliveredObject, openObjectWriter } from '../deliver/object-writer.ts'
import { splitFileName } from '../deliver/split-names.ts'
import type { ResultWriter } from '../format/byte-stage.ts'
import { type FileKind, mediaType, objectContentType } from '../format/naming.ts'
import { createResultFiles, type ResultFiles } from '../format/result-files.ts'
import type { Plan } from '../plan/plan.ts'
import type { Progress } from './run-context.ts'
import { untilStopped, within } from './stop.ts'

/** One file of a result, stored. */
export interface RunFile extends DeliveredObject {
  /** Name of the file; with folders when it was copied with them. */
  readonly name: string
  readonly rows: number | null
  /** Of the data, for the reply. */
  readonly contentType: string
  /** Of the stored bytes, for whoever downloads them. */
  readonly objectContentType: string
}

/** The result of one attempt, from batches to objects. */
export interface ResultOutput {
  readonly progress: Progress
  /** @throws BulkheadError `result-too-large` and what format and store throw */
  write(batch: Batch, fields: readonly Field[]): Promise<void>
  /** Completes all files, and writes their manifest when the result is split. */
  finish(fields: readonly Field[]): Promise<{
    readonly files: readonly RunFile[]
    readonly manifest: RunFile | undefined
  }>
  /** After a failure or a stop: leaves nothing behind, complete files included (I5). Never throws. */
  discard(): Promise<void>
}

export function resultOutput(options: {
  readonly plan: Plan
  /** First part of the keys. */
  readonly folder: string
  readonly store: Store
  readonly log: Log
  readonly signal: AbortSignal
  readonly cleanUpMs: () => number
}): ResultOutput {
  const { plan, folder, store, log, signal, cleanUpMs } = options
  const { output, limits } = plan
  const kind: FileKind = {
    format: output.format,
    compression: output.compression,
    encrypted: output.ageRecipients.length > 0,
    encoding: output.csv.encoding,
  }
  const contentTypes = { contentType: mediaType(kind), objectContentType: objectContentType(kind) }
  let files: ResultFiles<Named> | undefined
  let bytes = 0

  /** A writer that also holds the limits of the whole result. */
  async function openFile(index: number, copied: string | undefined): Promise<ResultWriter<Named>> {
    const name =
      copied ?? (output.split === undefined ? output.fileName : splitFileName(output.fileName, index + 1))
    const key = copied === undefined ? objectKey(folder, name) : copiedFileKey(folder, name)
    const object = { key, contentType: contentTypes.objectContentType, maxBytes: limits.bytes }
    const writer = await untilStopped(openObjectWriter(store, object, signal), signal)
    return {
      async write(piece) {
        bytes += piece.length
        if (limits.bytes !== undefined && bytes > limits.bytes)
          throw tooLarge(`more than ${limits.bytes} bytes`, 'bytes')
        await untilStopped(writer.write(piece), signal)
      },
      finish: async () => ({ ...(await untilStopped(writer.finish(), signal)), name }),
      abort: () => writer.abort(),
    }
  }

  function filesFor(fields: readonly Field[]): ResultFiles<Named> {
    return (files ??= createResultFiles({
      ...output,
      fields,
      open: openFile,
    }))
  }

  return {
    get progress() {
      return { rows: files === undefined ? 0 : files.rows, bytes }
    },
    async write(batch, fields) {
      const open = filesFor(fields)
      await open.write(batch)
      if (limits.rows !== undefined && open.rows !== null && open.rows > limits.rows)
        throw tooLarge(`more than ${limits.rows} rows`, 'rows')
    },
    async finish(fields) {
      const finished = await filesFor(fields).finish()
      const named = finished.map(({ finished: object, rows }): RunFile => ({
        ...object,
        rows,
        ...contentTypes,
      }))
      if (output.split === undefined) return { files: named, manifest: undefined }
      const manifest = await untilStopped(
        writeManifest(store, { folder, fileName: output.fileName, files: named, fields }, signal),
        signal,
      )
      const json = 'application/json'
      return {
        files: named,
        manifest: { ...manifest, rows: null, contentType: json, objectContentType: json },
      }
    },
    async discard() {
      const timeMs = cleanUpMs()
      const abandoned = [
        () => files?.abort(),
        ...(files?.finished ?? []).map(
          ({ finished }) =>
            () =>
              store.remove(finished.stored, AbortSignal.timeout(timeMs)),
        ),
      ]
      await Promise.all(
        abandoned.map((remove) =>
          within(async () => remove(), timeMs).catch((error: unknown) => {
            log.warn('A part of a failed result could not be removed', { folder, error: String(error) })
          }),
        ),
      )
    },
  }
}

type Named = DeliveredObject & { readonly name: string }

function tooLarge(what: string, limit: 'rows' | 'bytes'): Error {
  return fault('result-too-large', `The result has ${what}`, { path: `spec.policy.limits.${limit}` })
}
