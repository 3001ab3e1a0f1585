import { join } from 'node:path'

/** What says where a repository is, besides the platform's file. */
export interface RepositoryPlace {
  /** Where the file of an embedded repository lies that has no path of its own. */
  readonly stateFolder: string
  /** Variables of this process, for the URL of a database. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export function sqlitePath({ path }: { readonly path?: string | undefined }, stateFolder: string): string {
  return path ?? join(stateFolder, 'repository.sqlite')
}
