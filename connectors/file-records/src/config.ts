import { sizeInBytes, z } from '@bulkhead/connector-sdk'
import { failure } from './errors.ts'

const size = z.string().regex(/^[1-9]\d{0,5}(KiB|MiB|GiB|TiB)$/, 'must be a size such as 16MiB')

/** Settings of a connection. */
export const config = z.strictObject({
  folder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder that holds the files; nothing outside it is read. A relative path starts at the folder of the application, and is refused in an ad hoc request of a server. Give either this or `connection`',
    )
    .meta({ examples: ['./inbox', '/srv/inbox'] }),
  connection: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Another connection of the application, which brings the files to the temporary folder of the run first: the disk must hold them, and they count against its limit',
    )
    .meta({ connection: true, examples: ['archive'] }),
  maxFileSize: size
    .default('16GiB')
    .describe(
      'Largest file once it is unpacked, each entry of a zip archive by itself. Files are read as a stream, so this is no memory: it ends files that were made to unpack to no end',
    ),
  maxRecordSize: size
    .default('16MiB')
    .describe('Largest record. It is in memory as a whole, several times over; at most 256MiB'),
})
export type Config = z.output<typeof config>

/** Where the files lie, and the bounds in bytes. */
export interface Settings {
  readonly place:
    | { readonly kind: 'folder'; readonly folder: string }
    | { readonly kind: 'connection'; readonly connection: string }
  readonly maxFileBytes: number
  readonly maxRecordBytes: number
}

const MAX_RECORD_BYTES = 256 * 1024 ** 2

/** @throws `file-records-settings-invalid` */
export function settingsOf({ folder, connection, maxFileSize, maxRecordSize }: Config): Settings {
  const maxRecordBytes = sizeInBytes(maxRecordSize)
  if (maxRecordBytes > MAX_RECORD_BYTES) {
    throw failure('file-records-settings-invalid', 'maxRecordSize is larger than 256MiB', {
      path: 'config.maxRecordSize',
      fix: 'Set it to at most 256MiB',
    })
  }
  const bounds = { maxFileBytes: sizeInBytes(maxFileSize), maxRecordBytes }
  if (folder !== undefined && connection === undefined)
    return { place: { kind: 'folder', folder }, ...bounds }
  if (folder === undefined && connection !== undefined)
    return { place: { kind: 'connection', connection }, ...bounds }
  throw failure('file-records-settings-invalid', 'The settings need either a folder or a connection', {
    path: 'config',
  })
}
