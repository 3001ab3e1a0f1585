/** The control plane: takes requests, has them run by runner processes, answers. It never loads a connector. */
export type { Arrival, Intake, Taken } from './intake/intake.ts'
export type { Runners, RunnerStatus } from './dispatch/runners.ts'
export type { Repository } from './repository/repository.ts'
