import { connectorErrors, type RegisteredError } from '@bulkhead/connector-sdk'

/** The one registry of this connector's error codes; documentation and `connector.json` are made of it. */
export const { errors, error: athenaError } = connectorErrors({
  'athena-settings-invalid': config(
    'Two settings contradict each other, or one is out of range',
    'Correct the setting at `path`',
  ),
  'athena-credentials-missing': auth(
    'There are no keys, or the machine has no identity',
    'Set accessKeyId and secretAccessKey; the identity of the machine is not taken by itself',
  ),
  'athena-machine-identity-refused': {
    kind: 'policy',
    meaning: 'The settings ask for the identity of the machine, which whoever runs it has not allowed',
    fix: 'Set accessKeyId and secretAccessKey, or let the operator set BULKHEAD_ATHENA_MACHINE_IDENTITY=allow',
  },
  'athena-credentials-refused': auth(
    'AWS does not know the access key, or the secret does not belong to it',
    'Correct accessKeyId and secretAccessKey',
  ),
  'athena-credentials-expired': auth('The keys were given for a time that is over', 'Get new temporary keys'),
  'athena-access-denied': auth(
    'The keys are right and lack a right on Athena, the catalog, the data or the results',
    'Grant athena:StartQueryExecution, GetQueryExecution, GetQueryResults, StopQueryExecution on the workgroup, read rights on catalog and data, and s3:GetObject, s3:PutObject, s3:GetBucketLocation on the output location',
  ),
  'athena-clock-skew': {
    kind: 'environment',
    meaning: 'The clock of this machine differs too much from that of AWS',
    fix: 'Set the clock of this machine',
  },
  'athena-workgroup-unknown': config(
    'The workgroup does not exist in this region, or is disabled',
    'Correct `workgroup` and `region`',
  ),
  'athena-output-location': config(
    'Athena has no place for the result, or cannot write there',
    'Set `outputLocation` to an s3:// folder in the same region that the keys may write, or set one in the workgroup',
  ),
  'athena-not-athena': config(
    'What answers at the endpoint does not speak the API of Athena',
    'Correct `endpoint`: scheme, host and port',
  ),
  'athena-tls-refused': config(
    'The certificate is not trusted',
    'Give the certificate of its authority as tls.ca, or correct the host name of `endpoint`',
  ),
  'athena-unreachable': outage(
    'Athena or S3 cannot be reached, or the connection broke',
    'Check `region`, `endpoint`, name resolution and firewall',
  ),
  'athena-timeout': outage('Athena or S3 did not answer in time', 'Try again, or raise `requestTimeout`'),
  'athena-unavailable': outage('Athena or S3 answers with a fault of its own', 'Try again later'),
  'athena-throttled': {
    kind: 'throttled',
    ofConnection: true,
    meaning: 'AWS asks for fewer requests, or too many queries of the account run or wait',
    fix: 'Try again later, or raise the quota of the account',
  },
  'athena-request-refused': config('Athena refuses the request', 'Correct the query or the settings'),
  'athena-not-a-query': config(
    'The text is not exactly one statement that reads',
    'Write one SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE or EXPLAIN',
  ),
  'athena-write-refused': {
    kind: 'policy',
    meaning: 'The statement changes data or definitions',
    fix: 'Write a SELECT',
  },
  'athena-positional-parameter': config(
    'The query has a parameter without name: ?',
    'Name the parameters: write :name and give `parameters.name`',
  ),
  'athena-parameter-invalid': config(
    'The value of a parameter cannot be an execution parameter of Athena',
    'Give a value of at most 1024 characters as a literal, without NUL, no empty list',
  ),
  'athena-query-invalid': config(
    'Athena does not accept the query: syntax, unknown table or column, types',
    'Correct the query as the message says',
  ),
  'athena-query-failed': config(
    'The query failed while it ran',
    'See the query in the history of Athena by the id in the message, and correct query or data',
  ),
  'athena-query-broken': transient(
    'Athena failed while the query ran, and says that it may be tried again',
    'Try again later',
  ),
  'athena-query-stopped': transient(
    'Someone else stopped the query, or a limit of the workgroup did',
    'Try again, or raise the data limit of the workgroup',
  ),
  'athena-query-timeout': config(
    'Query and reading took longer than the connection allows',
    'Read less, or raise `limits.queryTimeout`',
  ),
  'athena-duplicate-column': config(
    'Two columns of the result have the same name',
    'Give each column its own name with AS',
  ),
  'athena-value-refused': config(
    'A value cannot be kept exactly: finer than a microsecond, a zone by name, or beyond the years 1 to 9999',
    'Convert the column in the query: AT TIME ZONE, CAST(… AS timestamp(6)), CAST(… AS varchar)',
  ),
  'athena-result-unreadable': auth(
    'The keys may not read the result object, or it is gone',
    'Grant s3:GetObject on the output location, or set `results: pages`',
  ),
  'athena-nothing-unloaded': config(
    'The query has no rows, and a result of files has no file without them',
    'Correct the query, or choose another output format, which has a file without rows',
  ),
  'athena-result-changed': transient('The result object was changed while it was read', 'Try again'),
  'athena-protocol': {
    kind: 'bug',
    meaning: 'Athena answered what the connector does not expect',
    fix: 'Report it with the versions of engine and connector',
  },
})

export type AthenaErrorCode = Parameters<typeof athenaError>[0]

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
