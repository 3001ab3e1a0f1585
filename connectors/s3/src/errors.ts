import { connectorErrors, type RegisteredError } from '@bulkhead/connector-sdk'

/** The errors that only this connector throws. */
export const { errors, error: s3Fault } = connectorErrors({
  's3-settings-invalid': config(
    'Two settings contradict each other, or one is out of range',
    'Correct the setting at `path`',
  ),
  's3-credentials-missing': auth(
    'There are no keys, or the machine has no identity',
    'Set accessKeyId and secretAccessKey',
  ),
  's3-machine-identity-refused': {
    kind: 'policy',
    meaning: 'The settings ask for the identity of the machine, which whoever runs it has not allowed',
    fix: 'Set accessKeyId and secretAccessKey, or let the operator set BULKHEAD_S3_MACHINE_IDENTITY=allow',
  },
  's3-credentials-refused': auth(
    'The store does not know the access key, or the secret does not belong to it',
    'Correct accessKeyId and secretAccessKey',
  ),
  's3-credentials-expired': auth('The keys were given for a time that is over', 'Get new temporary keys'),
  's3-access-denied': auth(
    'The keys are right and lack a right on the bucket or the key',
    'Grant the right that the message names',
  ),
  's3-clock-skew': {
    kind: 'environment',
    meaning: 'The clock of this machine differs too much from that of the store',
    fix: 'Set the clock of this machine',
  },
  's3-bucket-not-found': config('There is no such bucket', 'Create the bucket, or correct its name'),
  's3-bucket-name-invalid': config(
    'The store refuses the name of the bucket',
    'Correct the name of the bucket',
  ),
  's3-wrong-region': config('The bucket is in another region', 'Set `region` to that of the bucket'),
  's3-endpoint-not-s3': config(
    'What answers at the endpoint does not speak S3',
    'Correct `endpoint`: scheme, host and port of the API, not of a web console',
  ),
  's3-tls-refused': config(
    'The certificate of the store is not trusted',
    'Give the certificate of its authority as tls.ca, or correct the host name of `endpoint`',
  ),
  's3-not-supported': config(
    'The store does not know a feature that the settings ask for',
    'Leave out encryption, tags, storageClass, or choose another checksum',
  ),
  's3-request-refused': config(
    'The store refuses the request',
    'Compare the settings with what the store takes',
  ),
  's3-encryption-refused': config(
    'The key for encryption at rest is missing, disabled or out of reach',
    'Check encryption.kmsKeyId, and grant kms:GenerateDataKey and kms:Decrypt',
  ),
  's3-object-exists': config(
    'An object with this key is already there, and objects are never overwritten',
    'Start a new run, or choose another prefix',
  ),
  's3-too-many-parts': config(
    'The object needs more parts than S3 allows',
    'Raise `partSize`, or set `policy.limits.bytes`: the part size then follows from it',
  ),
  's3-upload-lost': transient(
    'The store no longer knows the upload or a part of it',
    'Start the run again; look for a lifecycle rule that ends uploads too early',
  ),
  's3-storage-full': {
    kind: 'environment',
    meaning: 'The store has no space left, or the quota is used up',
    fix: 'Free space in the store, or raise its quota',
  },
  's3-query-invalid': config(
    'The query does not say which objects',
    'Write { key: name }, { prefix: beginning } or { glob: pattern }',
  ),
  's3-key-invalid': config(
    'The key has a form that stores treat differently',
    'Use a key without empty, `.` or `..` parts',
  ),
  's3-object-not-found': config('There is no such object', 'Correct the key'),
  's3-nothing-found': config('No object matches', 'Correct the prefix or the pattern'),
  's3-object-changed': transient('An object was changed or removed while it was read', 'Start the run again'),
  's3-object-archived': config('The object lies in an archive', 'Restore the object first'),
  's3-checksum-mismatch': transient('Bytes were damaged on their way', 'Start the run again'),
  's3-link-impossible': auth(
    'A link cannot be signed: the keys end now',
    'Get new temporary keys, or use keys without an end',
  ),
  's3-throttled': {
    kind: 'throttled',
    ofConnection: true,
    meaning: 'The store asks for fewer requests',
    fix: 'Wait; it is tried again',
  },
  's3-unavailable': outage('The store answers with a fault of its own', 'Wait; it is tried again'),
  's3-unreachable': outage(
    'The store cannot be reached, or the connection broke',
    'Check host and port of `endpoint`, name resolution and firewall',
  ),
  's3-timeout': outage('The store did not answer in time', 'Raise `requestTimeout`, or lower `partSize`'),
})

export type S3ErrorCode = Parameters<typeof s3Fault>[0]

function config(meaning: string, fix: string): RegisteredError {
  return { kind: 'config', meaning, fix }
}
function auth(meaning: string, fix: string): RegisteredError {
  return { kind: 'auth', meaning, fix }
}
function transient(meaning: string, fix: string): RegisteredError {
  return { kind: 'transient', meaning, fix }
}

function outage(meaning: string, fix: string): RegisteredError {
  return { ...transient(meaning, fix), ofConnection: true }
}
