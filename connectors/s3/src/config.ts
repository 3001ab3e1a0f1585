import { durationField, z } from '@bulkhead/connector-sdk'
import { identityFields } from '@bulkhead/connector-sdk/aws'

/** Set by whoever runs the machine; a manifest can neither set nor read `BULKHEAD_*`. */
export const identityPermission = 'BULKHEAD_S3_MACHINE_IDENTITY'

/**
 * The settings of a connection or store. Plain data only: sizes and durations stay the text that was
 * written, and `settings.ts` reads them.
 */
export const config = z.strictObject({
  bucket: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/)
    .meta({
      description: 'The bucket. It has to exist: nothing is created outside the prefix',
      examples: ['exports'],
    }),
  prefix: z
    .string()
    .max(512)
    .default('')
    .meta({
      description:
        'Begins every key, and nothing outside it is read or written. Ends with `/` for a folder of its own; without one, `billing` also meets `billing-old/`',
      examples: ['billing/'],
    }),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('us-east-1')
    .meta({
      description:
        'Region of the bucket, part of every signature: a wrong one is refused. Compatible stores mostly take us-east-1',
      examples: ['eu-central-1'],
    }),
  endpoint: z
    .url()
    .optional()
    .meta({
      description:
        'Address of a compatible store (default: AWS, by region). With http: the data travels in clear, the secret key never does',
      examples: ['https://minio.internal:9000'],
    }),
  linkEndpoint: z
    .url()
    .optional()
    .meta({
      description:
        'Address that signed links carry, when receivers reach the store under another one than this machine (default: `endpoint`)',
      examples: ['https://files.example.com'],
    }),
  forcePathStyle: z.boolean().default(false).meta({
    description:
      'Puts the bucket into the path (`https://host/bucket/key`) and not into the host name; most compatible stores need it',
  }),

  ...identityFields({ permission: identityPermission }),
  sessionExpiresAt: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({
      description:
        'When keys with a session token end: no signed link outlives its key. Without it the true end of a link is unknown, and the reply warns',
      examples: ['2026-11-20T18:00:00Z'],
    }),

  partSize: z
    .string()
    .regex(/^\d+(\.\d+)?\s?(Ki|Mi|Gi|KiB|MiB|GiB)$/)
    .default('8MiB')
    .meta({
      description:
        'Bytes of one part of a multipart upload, 5MiB to 5GiB. An object has at most 10,000 parts, so it grows with the byte limit of the run. Memory: (inFlight + 1) x partSize',
    }),
  inFlight: z.int().min(1).max(16).default(3).meta({
    description: 'Parts on their way at once: more is faster over long distances, and costs memory',
  }),
  checksum: z.enum(['CRC32', 'CRC64NVME', 'SHA256', 'MD5']).default('CRC32').meta({
    description:
      'What the store checks every part with. CRC32 costs least; MD5 (as Content-MD5) is for compatible stores that know nothing newer',
  }),
  encryption: z
    .strictObject({
      mode: z.enum(['none', 'AES256', 'aws:kms']).default('none').meta({
        description:
          'Encryption at rest that is asked for. `none` sends no header: the bucket decides. What a compatible store does with the header is its own affair; some ignore it',
      }),
      kmsKeyId: z.string().min(1).max(2048).optional().meta({
        description:
          "Key of KMS, as id, alias or ARN (default: the account's own for S3); only with `aws:kms`",
      }),
      bucketKey: z
        .boolean()
        .optional()
        .meta({ description: 'Fewer calls to KMS by a key of the bucket; only with `aws:kms`' }),
    })
    .prefault({})
    .meta({ description: 'Encryption at rest by the store' }),
  tags: z
    .record(z.string().min(1).max(128), z.string().max(256))
    .default({})
    .meta({
      description: 'Tags of every object that is written, at most 10; needs the right s3:PutObjectTagging',
      examples: [{ team: 'billing' }],
    }),
  storageClass: z
    .string()
    .regex(/^[A-Z_]{1,40}$/)
    .optional()
    .meta({
      description:
        'Class of every object that is written (default: that of the bucket). Objects in an archive class cannot be downloaded by a link',
      examples: ['STANDARD_IA'],
    }),
  expectedBucketOwner: z
    .string()
    .regex(/^\d{12}$/)
    .optional()
    .meta({
      description:
        'Account that must own the bucket. Protects against a bucket of that name that someone else made',
    }),

  attempts: z.int().min(1).max(10).default(5).meta({
    description:
      'How often one call is tried when the store is busy or the network fails, with growing pauses',
  }),
  requestTimeout: durationField({ shortest: 'PT1S', longest: 'PT1H' }).default('PT2M').meta({
    description:
      'Longest time for the answer to one call, a part included, and longest silence while an object is read. A part has to pass within it',
  }),
  tls: z
    .strictObject({
      ca: z.string().max(65_536).optional().meta({
        description:
          'Certificates (PEM) of authorities to trust beside the public ones, for a store with a certificate of your own. Verification cannot be switched off',
      }),
    })
    .prefault({})
    .meta({ description: 'Encryption on the way' }),
})

export type S3Config = z.output<typeof config>
