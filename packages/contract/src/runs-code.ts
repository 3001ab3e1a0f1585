import type { Job } from './job.ts'

/** Whether a job runs code of its application: then its run has a process of its own, and all code in the folder counts. */
export function runsCode({ process, prepare }: Pick<Job, 'process' | 'prepare'>): boolean {
  const isFile = typeof prepare === 'string' || (prepare !== undefined && 'file' in prepare)
  return isFile || process.some((step) => 'map' in step)
}
