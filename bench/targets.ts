/** What exports and requests must keep, in one place: `npm run bench` says of each whether it is met. */

const mebibyte = 2 ** 20

/** Most memory of all processes of a run as CSV or JSON Lines, over any number of rows. */
export const flatMemoryBytes = 150 * mebibyte

export type Target =
  | {
      readonly lane: string
      readonly measure: 'time' | 'memory' | 'start-up' | 'latency'
      /** Time: as a multiple of the peer's; memory: bytes; start-up, latency of half of all requests: milliseconds. */
      readonly atMost: number
    }
  | {
      readonly lane: string
      readonly measure: 'rate'
      /** Requests a second. */
      readonly atLeast: number
    }

export const targets: readonly Target[] = [
  { lane: 'csv', measure: 'time', atMost: 1.1 },
  { lane: 'csv', measure: 'memory', atMost: flatMemoryBytes },
  { lane: 'csv-gzip', measure: 'memory', atMost: flatMemoryBytes },
  { lane: 'jsonl', measure: 'time', atMost: 0.5 },
  { lane: 'jsonl', measure: 'memory', atMost: flatMemoryBytes },
  { lane: 'parquet', measure: 'time', atMost: 1.6 },
  { lane: 'parquet', measure: 'memory', atMost: 600 * mebibyte },
  { lane: 'mysql', measure: 'time', atMost: 1 },
  { lane: 'mysql', measure: 'memory', atMost: flatMemoryBytes },
  { lane: 'mongodb', measure: 'time', atMost: 1 },
  { lane: 'mongodb', measure: 'memory', atMost: flatMemoryBytes },
  { lane: 'opensearch', measure: 'time', atMost: 1 / 3 },
  { lane: 'opensearch', measure: 'memory', atMost: flatMemoryBytes },
  { lane: 'start-up', measure: 'start-up', atMost: 150 },
  { lane: 'requests-embedded', measure: 'rate', atLeast: 200 },
  { lane: 'requests-embedded', measure: 'latency', atMost: 30 },
  // its rate is told and not judged: PostgreSQL, Kafka and S3 take more of the same cores than what is measured
  { lane: 'requests-team', measure: 'latency', atMost: 30 },
  { lane: 'waiting-hang', measure: 'time', atMost: 1.5 },
  { lane: 'waiting-spin', measure: 'time', atMost: 1.5 },
  { lane: 'waiting-flood', measure: 'time', atMost: 1.5 },
]
