/** Lanes whose system is not PostgreSQL: each brings its server, its data and its peer. */
import type { RunnableLane } from './compare-lane.ts'
import { openMongodbLane } from './mongodb-lane.ts'
import { openMysqlLane } from './mysql-lane.ts'
import { openOpenSearchLane } from './opensearch-lane.ts'

export interface LaneMeasuring {
  /** Of `installCommand`. */
  readonly command: string
  /** For both files. */
  readonly folder: string
  /** Rows or documents. */
  readonly rows: number
  readonly say: (text: string) => void
}

type OpenLane = (
  measuring: LaneMeasuring,
) => Promise<(RunnableLane & AsyncDisposable) | { readonly reason: string }>

/** By name; each resolves to a reason where its server cannot run on this machine. */
export const otherLanes: Readonly<Record<string, OpenLane>> = {
  mongodb: openMongodbLane,
  mysql: openMysqlLane,
  opensearch: openOpenSearchLane,
}
