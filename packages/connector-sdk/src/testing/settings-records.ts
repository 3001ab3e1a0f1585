import { readdirSync, readFileSync } from 'node:fs'

/** Settings that a version of the connector took, as somebody may still have them in a manifest. */
export interface SettingsRecord {
  /** `1.0.0` */
  readonly version: string
  /** As a user wrote them; secrets are made up. */
  readonly given: Readonly<Record<string, unknown>>
  /** What they meant then, defaults filled in. A later version may add to it, and change nothing of it. */
  readonly meant: Readonly<Record<string, unknown>>
}

/**
 * Reads the records of a connector: a folder with one file a version, `1.0.0.json`, each a list of
 * `{ given, meant }`. A file is written when a version is released, and never changed afterwards.
 *
 * @throws Error when the folder holds none, or one that is no such list
 */
export function settingsRecords(folder: URL): SettingsRecord[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  if (files.length === 0) throw new Error(`${folder.pathname} holds no records of settings`)
  return files.toSorted().flatMap((file) => {
    const list = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown
    if (!Array.isArray(list) || list.length === 0) throw new Error(`${file} is no list of settings`)
    return list.map((entry: unknown) => {
      const { given, meant } = (entry ?? {}) as Partial<SettingsRecord>
      if (!isObject(given) || !isObject(meant)) throw new Error(`${file} has an entry without given or meant`)
      return { version: file.slice(0, -'.json'.length), given, meant }
    })
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
