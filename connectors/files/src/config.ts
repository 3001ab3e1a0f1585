import { orParameter, z } from '@bulkhead/connector-sdk'

/** Settings of a connection or store. */
export const config = z.strictObject({
  folder: z
    .string()
    .min(1)
    .describe(
      'Folder that holds the files; nothing outside it is ever read or written. A relative path starts at the folder of the application, and is refused in an ad hoc request of a server',
    )
    .meta({ examples: ['./data', '/srv/exports'] }),
  createFolder: z
    .boolean()
    .default(false)
    .describe(
      'Whether a store makes the folder when it is missing. When false, a missing folder is an error: a volume that is not mounted is noticed, instead of files that land beside it. A source never makes it',
    ),
})
export type Config = z.output<typeof config>

/** Most entries of a list of paths. */
const MAX_PATHS = 1000

const path = z.string().min(1).max(4096)
const paths = z.union([path, z.array(path).min(1).max(MAX_PATHS)])
const pathMeaning =
  'One path or a list, below the folder, with / between its parts. *, ?, [a-z], {a,b} and ** match several files, none of them hidden (a name that begins with a dot must be written out); every path must match at least one file'

/** What `query` is once its parameters are bound. */
export const boundQuery = z.strictObject({ path: paths })

/** What a user writes: the path, or a reference to a parameter that holds it. */
export const query = z
  .strictObject({ path: orParameter(paths).describe(pathMeaning) })
  .describe('Files to copy as they are, sorted by name within each path')
  .meta({ examples: [{ path: 'invoices/2026-10.csv' }, { path: 'invoices/**/*.csv' }] })
