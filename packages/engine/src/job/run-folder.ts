/**
 * Where the objects of a run lie, as first part of their keys. Each epoch has a folder of its own, so that what an
 * earlier one left, or still writes, can be told from the result and removed (I5).
 *
 * @param epoch  from 1
 */
export function runFolder(runId: string, epoch: number): string {
  return epoch <= 1 ? runId : `${runId}.${epoch}`
}

/** Those that epochs before this one may have left something in. */
export function earlierFolders(runId: string, epoch: number): readonly string[] {
  return Array.from({ length: Math.max(0, epoch - 1) }, (_, index) => runFolder(runId, index + 1))
}
