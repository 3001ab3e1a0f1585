/** Applications that differ in their topics only: small requests on PostgreSQL, results in S3, replies on Kafka. */
import { join } from 'node:path'
import { postgresConnection, s3Store, writeApplication } from '../support/application-folder.ts'
import type { TestDatabase } from '../support/postgres.ts'
import type { TestBucket } from '../support/s3.ts'

export interface ChaosApplication {
  readonly name: string
  readonly requests: string
  readonly replies: string
}

/** Rows of a request's result, each of which says which request it is of. */
const query = `SELECT :seed::bigint AS seed, i, md5((:seed::bigint * 1000 + i)::text) AS mark
  FROM generate_series(1, :rows::int) i ORDER BY i`

export function namesOf(count: number, prefix: string): readonly ChaosApplication[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `chaos-${String(index + 1).padStart(2, '0')}`
    return { name, requests: `${prefix}.${name}.requests`, replies: `${prefix}.${name}.replies` }
  })
}

export async function writeApplications(
  folder: string,
  applications: readonly ChaosApplication[],
  systems: { readonly database: TestDatabase; readonly bucket: TestBucket },
): Promise<void> {
  for (const { name, requests, replies } of applications) {
    const { config, ...store } = s3Store(systems.bucket, 'exports') as { readonly config: object }
    await writeApplication(join(folder, name), name, {
      connections: { rows: postgresConnection(systems.database) },
      stores: { exports: { ...store, config: { ...config, prefix: `${name}/` } } },
      jobs: {
        small: {
          parameters: { seed: { type: 'integer' }, rows: { type: 'integer' } },
          source: { connection: 'rows', query },
          output: { format: 'csv', fileName: 'rows.csv' },
          deliver: { store: 'exports', urlExpiresIn: 'PT1H' },
        },
      },
      triggers: { requests: { kafka: { cluster: 'main', topic: requests } } },
      replies: { main: { kafka: { cluster: 'main', topic: replies } } },
    })
  }
}
