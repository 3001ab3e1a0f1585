/**
 * The engine has no single face: rooms are imported by name, `@bulkhead/engine/plan/plan-run`, so
 * that a one-shot run loads only what it needs. These are the types that every room speaks.
 */
export type { Application } from './application/application.ts'
export type { Catalog, ConnectorEntry } from './catalog/catalog.ts'
export type { Plan, PlannedConnection } from './plan/plan.ts'
