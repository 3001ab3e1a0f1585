import { ownEngine } from '@bulkhead/contract'
import { type EngineBuild, engineBuildAround } from '@bulkhead/engine/platform/engine-build'

/** A build of the runner that this server can start processes of. */
export interface Engine extends EngineBuild {
  readonly name: string
  /** For records of runs: which engine it was, and which build of it. */
  readonly label: string
}

export function engineOf(name: string, build: EngineBuild): Engine {
  return { ...build, name, label: `${name} ${build.identity}` }
}

/** The one that came with the server. It is not asked: without it there is no server. @param entry  the file of its processes */
export function builtInEngine(entry: string): Engine {
  return engineOf(ownEngine, engineBuildAround(entry))
}
