import { durationField, z } from '@bulkhead/connector-sdk'
import { identityFields } from '@bulkhead/connector-sdk/aws'

/** The settings of a connection to Athena. Plain data only: `settings.ts` reads and compares them. */

const folder = z
  .string()
  .max(900)
  .regex(/^s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](\/[^\s]*)?$/, 'must be s3://bucket/folder/')

/** Set by whoever runs the machine; a manifest can neither set nor read `BULKHEAD_*`. */
export const identityPermission = 'BULKHEAD_ATHENA_MACHINE_IDENTITY'

export const config = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .meta({ description: 'Region of Athena and of its results', examples: ['eu-central-1'] }),
  workgroup: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/)
    .default('primary')
    .meta({
      description:
        'Workgroup in which queries run. It bounds what a query may read and cost, and may dictate where results go',
    }),
  outputLocation: folder.optional().meta({
    description:
      'Where Athena puts results (default: what the workgroup says). They stay there: give the folder a lifecycle rule',
    examples: ['s3://athena-results/bulkhead/'],
  }),
  expectedBucketOwner: z
    .string()
    .regex(/^\d{12}$/)
    .optional()
    .meta({ description: 'Account that must own the bucket of the results' }),
  catalog: z.string().min(1).max(256).default('AwsDataCatalog').meta({
    description: 'Data catalog of tables that the query names without one',
  }),
  database: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'Database of tables that the query names without one', examples: ['sales'] }),
  endpoint: z
    .url()
    .optional()
    .meta({
      description: 'Address of the API of Athena (default: AWS, by region), such as that of a VPC endpoint',
      examples: ['https://vpce-1a2b3c4d.athena.eu-central-1.vpce.amazonaws.com'],
    }),
  s3Endpoint: z.url().optional().meta({
    description: 'Address of S3, where results are read (default: AWS, by region). Addressed by path',
  }),

  ...identityFields({ permission: identityPermission }),

  results: z.enum(['auto', 'object', 'pages']).default('auto').meta({
    description:
      'How results are read. `object`: the CSV object in S3, as a stream, needs s3:GetObject there. `pages`: by GetQueryResults, 1000 rows a call, slow for many rows. `auto`: the object, and pages where there is none, where it may not be read, and for previews',
  }),
  unload: z
    .strictObject({
      location: folder.meta({
        description:
          'Where the files are written, each run in a folder of its own. They stay there, also those of a run that failed: give it a lifecycle rule',
        examples: ['s3://athena-results/unload/'],
      }),
      format: z.enum(['PARQUET', 'ORC', 'AVRO', 'JSON']).default('PARQUET').meta({
        description: 'Format of the files',
      }),
      compression: z.enum(['NONE', 'GZIP', 'SNAPPY', 'ZSTD']).optional().meta({
        description: 'Compression inside the files (default: that of Athena for the format)',
      }),
    })
    .optional()
    .meta({
      description:
        'For output in the format `binary`: the query runs as UNLOAD, and the files that Athena writes in parallel are copied as they are. Needs s3:PutObject at the location',
    }),
  pollFirst: durationField({ shortest: 'PT0.05S', longest: 'PT1M', fractions: true }).default('PT0.2S').meta({
    description: 'Pause before Athena is asked for the state of a query; it grows by half each time',
  }),
  pollLongest: durationField({ shortest: 'PT0.05S', longest: 'PT5M', fractions: true })
    .default('PT5S')
    .meta({ description: 'Longest pause between two such questions' }),
  attempts: z.int().min(1).max(10).default(5).meta({
    description:
      'How often one call is tried when Athena or S3 is busy or the network fails, with growing pauses',
  }),
  requestTimeout: durationField({ shortest: 'PT1S', longest: 'PT15M' }).default('PT60S').meta({
    description: 'Longest time for the answer to one call, and longest silence while a result is read',
  }),
  tls: z
    .strictObject({
      ca: z.string().max(65_536).optional().meta({
        description:
          'Certificates (PEM) of authorities to trust beside the public ones. Verification cannot be switched off',
      }),
    })
    .prefault({})
    .meta({ description: 'Encryption on the way' }),
})

export type Config = z.output<typeof config>
