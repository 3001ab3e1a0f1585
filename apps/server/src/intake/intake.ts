import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { Actor, RunRecord } from '../repository/repository.ts'

/** A request as a trigger got it: whatever the trigger, the way from here on is one. */
export interface Arrival {
  readonly application: string
  /** Text, UTF-8 bytes or plain data, as `readRequest` of the contract takes it; the text where there is one. */
  readonly input: unknown
  /** The job that the trigger names, for a request that names nothing. */
  readonly job?: string
  /** For a request without an id: `Idempotency-Key`. */
  readonly requestId?: string
  readonly actor: Actor
  /** When the request was made, as far as it is known: the time of a Kafka record. */
  readonly madeAtMs?: number
  /** W3C trace context. */
  readonly traceparent?: string
}

export type Taken =
  /** A new attempt, one under way, or one whose answer is sent again. */
  | { readonly is: 'new' | 'under-way' | 'answered'; readonly run: RunRecord }
  /** Readable and wrong: a failure reply is on its way; `run` is the record of it, where there is one. */
  | { readonly is: 'refused'; readonly error: BulkheadError; readonly run: RunRecord | undefined }
  /** Nobody can be answered: for the dead-letter topic, for a 400. */
  | { readonly is: 'unreadable'; readonly error: BulkheadError }

export interface Intake {
  /**
   * Durable when it resolves: only then may a topic's position be committed or a caller be told 202.
   *
   * @throws BulkheadError `application-unknown`; kind `quota` when the application's queue is full or it has too many a second; kind `transient`
   *         when the repository cannot be reached. Then nothing was taken.
   */
  take(arrival: Arrival): Promise<Taken>
}

/** For requests that are looked at and not kept. */
export interface Preparing {
  /**
   * The text of a request as it leaves this process: checked by the plan that its run would make, and what it brings in
   * clear sealed (I6).
   * @throws BulkheadError what is wrong with it
   */
  prepare(arrival: Pick<Arrival, 'application' | 'input' | 'requestId'>): Promise<string>
}
