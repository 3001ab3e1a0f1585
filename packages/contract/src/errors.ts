/** Every error code of the platform, in one file, so that each is registered once. */
import { BulkheadError, type ErrorDetails, type ErrorKind } from '@bulkhead/connector-sdk'

/**
 * The one registry of the platform's error codes; a connector registers its own in `connector.json`.
 * The reference page is generated from it, and a test holds every code that is thrown against it.
 */
interface Registered {
  readonly kind: ErrorKind
  readonly meaning: string
  readonly fix: string
}

const registry = {
  'duration-invalid': config(
    'A duration is not ISO 8601',
    'Write weeks, days, hours, minutes, seconds: PT30M, P7D',
  ),
  'size-invalid': config(
    'A size has no number or an unknown unit',
    'Write a number with a unit: 512MiB, 20GiB',
  ),

  'application-not-found': config(
    'The folder has no application.yaml',
    'Give the folder that holds application.yaml',
  ),
  'manifest-unreadable': config(
    'A file of the application is not YAML, too large or not readable',
    'Correct the line that the message names',
  ),
  'manifest-invalid': config(
    'A field of the manifest is unknown, missing or ill-typed',
    'Correct the field at `path`',
  ),
  'not-in-this-version': config(
    'The manifest uses a feature that this version of Bulkhead does not have',
    'Remove it, or use a version that has it',
  ),
  'environment-not-found': config(
    'There is no such file in environments/',
    'Choose one of the environments that the message names',
  ),
  'environment-variable-missing': config(
    'An { env: NAME } has no value, or its name is not listed by the environment',
    'List the name under `env` of environments/NAME.yaml and set it',
  ),
  'example-missing': config(
    'A stub or a contract asks a query for which no test of the application has rows',
    'Write tests/NAME.yaml with such a request and rows under `source`',
  ),
  'file-not-found': config(
    'The manifest names a file that is not in the application',
    'Create the file, or correct its name',
  ),
  'file-outside-application': config(
    'The manifest names a file outside its own folder',
    'Move the file into the folder of the application',
  ),
  'secret-in-clear': config(
    'A secret stands in the manifest',
    'Store it as a secret and write { secret: NAME }',
  ),
  'secret-misplaced': config(
    'A { secret: NAME } stands where no secret belongs',
    'Use it only in fields that the connector marks as secret',
  ),
  'lock-stale': config(
    'The installed connector is not the one in application.lock.json',
    'Install that version, or run `bulkhead lock` to accept the new one',
  ),

  'connector-unknown': config(
    'No installed connector has this name or version',
    'See `bulkhead connectors list`',
  ),
  'connector-incompatible': config(
    'The connector was made for another version of the connector contract',
    'Install a version for this contract',
  ),
  'connector-broken': environment(
    'The connector cannot be loaded, or is not what its connector.json says',
    'Install it again, or tell its author',
  ),
  'connector-install-failed': environment(
    'npm could not install the connector',
    'See what npm says: often the name, the registry or the network',
  ),
  'connector-role-missing': config(
    'The connector cannot be used in this place',
    'Choose a connector with the role that `bulkhead connectors list` shows',
  ),
  'fallback-invalid': config(
    'A connection cannot take the place of another one',
    'Name other connections of the same connector and version, none of them twice',
  ),
  'connection-paused': {
    kind: 'transient',
    meaning: 'A connection failed so often in a row that it is not tried for a while',
    fix: 'Wait as long as `retryAfterSeconds` says and see why the system cannot be reached; name connections under `fallback` for next time',
  },
  'connection-unknown': config(
    'The application declares no such connection',
    'Choose one of the connections that the message names',
  ),
  'connection-config-invalid': config(
    'A setting of a connection or store is unknown, missing or ill-typed',
    'Correct the field at `path`; see `bulkhead connectors show NAME`',
  ),
  'store-unknown': config(
    'The application declares no such store',
    'Choose one of the stores that the message names',
  ),

  'request-unreadable': config(
    'The request is not JSON, or is too large',
    'Send one JSON object, or a CloudEvent',
  ),
  'request-field-repeated': config(
    'A field stands twice in one object of the request: readers of JSON do not agree on which of the two counts',
    'Send the field once',
  ),
  'request-invalid': config(
    'A field of the request is missing or ill-typed',
    'Correct the field at `path`; see `bulkhead schema request`',
  ),
  'request-id-invalid': config(
    'The request id is empty, too long, or holds control characters',
    'Use 1 to 256 printable characters',
  ),
  'request-expired': config(
    'The request arrived, or its turn came, after its validUntil',
    'Ask again with a later validUntil',
  ),
  'request-may-not': policy(
    'The request sets what the job does not let it set',
    'Leave the field out, or list it under `requestMay` of the job',
  ),
  'job-unknown': config('The application has no such job', 'Choose one of the jobs that the message names'),
  'parameter-missing': config('A parameter without default was not given', 'Give the parameter'),
  'parameter-unknown': config(
    'The job declares no such parameter',
    'Remove it, or declare it under `parameters`',
  ),
  'parameter-invalid': config(
    'A parameter is not what its declaration says',
    'Give a value that fits the declaration',
  ),
  'query-invalid': config(
    'The query does not have the form that the connector takes',
    'See `bulkhead connectors show NAME`',
  ),
  'ad-hoc-refused': policy(
    'The policy of the application does not allow this ad hoc request',
    'Use a job or connection that the application declares, or ask its owner to allow it under `policy.adHoc`',
  ),
  'plain-credentials-refused': policy(
    'The request brings credentials in clear, and the policy refuses them',
    'Use a declared connection, or set `policy.adHoc.plainCredentials: allow`',
  ),
  'credentials-unreadable': config(
    'Sealed credentials are no JWE of the form that is taken here',
    'Seal them by `bulkhead secret seal`, or as compact JWE with ECDH-ES+A256KW or RSA-OAEP-256, A256GCM, and the header parameters kid, aud, sub and exp',
  ),
  'credentials-key-unknown': config(
    'Credentials are sealed to a key that the application does not have',
    'Fetch the keys of the application again, and seal to the first of them',
  ),
  'credentials-unopened': config(
    'Sealed credentials cannot be opened: they were sealed to another key, or altered',
    'Fetch the keys of the application again, and seal anew',
  ),
  'credentials-bound-elsewhere': policy(
    'Credentials are sealed for another application or another request',
    'Seal them for this one: `aud` is the name of the application, `sub` the id of the request',
  ),
  'credentials-expired': config(
    'Sealed credentials have expired',
    'Seal them anew, with an `exp` that leaves time for the request to wait and to run',
  ),
  'credentials-invalid': config(
    'Sealed credentials hold something else than secrets of the connector',
    'Seal a JSON object of the fields that the connector marks as secret, each a text',
  ),
  'key-missing': config(
    'The application has no key to seal credentials to',
    'Make one: `bulkhead keys create APPLICATION`',
  ),
  'key-exists': config(
    'The application has a key of this kind',
    'Replace it by a new one: `bulkhead keys rotate APPLICATION`',
  ),
  'key-current': config(
    'The key is the one that is sealed to now, and others would take its place',
    'Make a new one first: `bulkhead keys rotate APPLICATION`',
  ),
  'key-unknown': config('The application has no such key', 'See `bulkhead keys list APPLICATION`'),
  'keys-unreadable': config(
    'What was given as public keys is no JSON Web Key Set with a key to seal to',
    'Give the JWKS of the application, as `bulkhead keys export APPLICATION` prints it',
  ),
  'secret-reference-refused': policy(
    'The request names a secret',
    'Requests bring credentials or use declared connections; they never name a secret',
  ),
  'secret-not-found': config(
    'A secret that the manifest names is not there',
    'Provide it by environment variable or file; the message says which',
  ),
  'secret-unreadable': environment(
    'A secret is there and cannot be read',
    'Check the permissions of the file that the message names',
  ),
  'secret-provider-unavailable': {
    kind: 'transient',
    meaning: 'What keeps the secrets cannot be reached, or asks to wait',
    fix: 'See whether the provider that the message names is up and can be reached from here',
  },
  'network-refused': policy(
    'The policy does not let this application reach that address',
    'Allow it under `policy.network.allow`; loopback and metadata addresses are opened by the platform only',
  ),

  'output-unsupported': config(
    'The output cannot be made from this source',
    'Choose another format or compression; `bulkhead plan` shows what is possible',
  ),
  'guarantee-unreachable': config(
    'The guarantee that the manifest demands cannot be kept',
    'Lower `guarantee`, or change what the message names',
  ),
  'file-name-invalid': config(
    'The file name is not safe on every system',
    'Use letters, digits, dots, hyphens and underscores',
  ),
  'encrypt-recipient-invalid': config(
    'A recipient for encryption is not an age public key',
    'Give a key that begins with age1',
  ),
  'url-expiry-too-long': policy(
    'The link would be valid longer than the application allows',
    'Ask for less, or raise `policy.limits.urlExpiresIn`',
  ),
  'url-credentials-refused': policy(
    'A URL on the command line holds a password',
    'Put the password into the environment; the message says which variable',
  ),

  'prepare-invalid': config(
    'The preparing file has no usable default export',
    'Export a function (request) => ({ query, parameters }) as default',
  ),
  'prepare-failed': config(
    'The preparing code threw an error, or its endpoint answered with one',
    'Correct the code or the endpoint; --log-level debug shows what it threw',
  ),
  'prepare-unreachable': {
    kind: 'transient',
    meaning: 'The preparing endpoint could not be reached, was busy or broken',
    fix: 'Try again; if it stays so, look at the endpoint',
  },
  'prepare-timeout': {
    kind: 'transient',
    meaning: 'Preparing took longer than it may',
    fix: 'Make it faster, or raise `timeout` of `prepare`',
  },
  'prepare-result-invalid': config(
    'The preparing work returned what is not connection, query, parameters and file name',
    'Return an object with some of connection, query, parameters, fileName and secret, or with refuse',
  ),
  'prepare-refused': policy(
    'The preparing work of the application refused the request',
    'Ask for what the message says, or ask the owner of the application',
  ),

  'map-invalid': config(
    'The mapping file has no usable default export',
    'Export a function (row) => row as default',
  ),
  'map-failed': {
    kind: 'record',
    meaning: 'The mapping code threw an error',
    fix: 'Correct the code; `bulkhead preview` shows the rows it gets',
  },
  'map-result-invalid': {
    kind: 'record',
    meaning: 'The mapping code returned what is not a row of the result',
    fix: 'Return an object with the same keys and types for every row',
  },
  'validation-failed': {
    kind: 'record',
    meaning: 'A row does not match its schema',
    fix: 'Correct the data or the schema',
  },
  'column-unknown': config(
    'A column that is named is not in the result',
    'Choose one of the columns that the message names',
  ),
  'column-duplicate': config(
    'Two columns of the result have the same name',
    'Give each column its own name in the query',
  ),
  'csv-encoding': {
    kind: 'record',
    meaning: 'A character does not exist in the encoding of the file',
    fix: 'Use utf-8, or replace the character in the query',
  },
  'avro-value-out-of-range': {
    kind: 'record',
    meaning: 'A value cannot be kept exactly in Avro',
    fix: 'Convert the column in the query, for example to text',
  },
  'parquet-value-out-of-range': {
    kind: 'record',
    meaning: 'A value cannot be kept exactly in Parquet',
    fix: 'Convert the column in the query, for example to text',
  },
  'xlsx-limit-exceeded': {
    kind: 'config',
    meaning:
      'The result is larger than an Excel sheet can be: 1,048,576 rows with the one of names, 16,384 columns, 32,767 characters in a cell',
    fix: 'Split the result by `output.split.rows`, read fewer columns, shorten the text, or choose another format',
  },
  'value-invalid': {
    kind: 'record',
    meaning: 'A value is not what its column says',
    fix: 'Correct the query, the mapping or the connector',
  },

  'result-too-large': policy(
    'The result has more rows or bytes than the application allows',
    'Narrow the query, or raise `policy.limits`',
  ),
  'run-too-long': policy(
    'The run took longer than the application allows',
    'Narrow the query, or raise `policy.limits.time`',
  ),
  'temporary-space-exhausted': policy(
    'The run needs more temporary space than it may use',
    'Raise `policy.limits.temporary`, or read less',
  ),
  'disk-full': environment('A disk is full', 'Free space, or choose another folder'),
  'state-folder-unusable': environment(
    'The state folder cannot be used',
    'Make it writable for you alone, or set XDG_STATE_HOME',
  ),
  'address-unusable': environment(
    'A server cannot listen at this address',
    'Choose another port, and set BULKHEAD_FILES_URL to its address',
  ),
  'reply-failed': {
    kind: 'transient',
    meaning: 'The reply could not be delivered everywhere',
    fix: 'Check the receiver; the reply is on standard output',
  },
  'reply-refused': config(
    'The receiver will not have the reply',
    'Check address, topic and secret of the destination; then `bulkhead replies resend`',
  ),
  'reply-unserved': config(
    'A reply waits for an application that is not served any more, and of which no revision is kept',
    'Apply the application again; then `bulkhead replies resend`',
  ),
  'platform-text-missing': environment(
    'A variable or file that the platform names is not there',
    'Set the variable, or create the file, that the message names',
  ),
  'cluster-unknown': config(
    'The platform declares no such Kafka cluster',
    'Choose one of the clusters that the message names, or declare it under `spec.kafka` of platform.yaml',
  ),
  'cluster-unavailable': {
    kind: 'transient',
    meaning: 'A Kafka cluster does not answer, or not as it should',
    fix: 'Check its brokers and the network; what waits goes on by itself',
  },
  'cluster-refused': {
    kind: 'auth',
    meaning: 'A Kafka cluster refuses the login, the certificate or the right to do this',
    fix: 'Check `sasl` and `tls` of the cluster in platform.yaml, and the rights of its user',
  },
  'session-refused': config(
    'The brokers of a Kafka cluster allow no consumers with so short, or so long, a session',
    'Set `spec.kafka.NAME.session` of platform.yaml to what lies between `group.min.session.timeout.ms` and `group.max.session.timeout.ms` of the brokers',
  ),
  'topic-unknown': config('The Kafka cluster has no such topic', 'Create the topic, or correct its name'),
  'batch-too-large': config(
    'A topic of requests has a batch of records that is too large to be unpacked; the topic waits before it',
    'Let producers write smaller batches, and set the offset of the consumer group behind this one',
  ),
  'topic-outlives-memory': config(
    'A topic of requests keeps messages longer than requests are remembered: a replay would run them again',
    'Lower `retention.ms` of the topic, or raise `spec.retention.requests` of platform.yaml',
  ),
  'trigger-folder-unusable': environment(
    'The folder of a trigger cannot be read or written',
    'Create the folder, writable for the server',
  ),
  'schedule-invalid': config(
    'The schedule, time zone or a parameter made of the time cannot be understood',
    'Write five fields (minute, hour, day, month, weekday), or six with seconds in front, and an IANA time zone',
  ),
  'application-crashes': config(
    'Processes of this revision of an application die before they ask for work',
    'Look for the reason in the log of the server, such as a memory limit that is too small; what worked before is served again',
  ),
  'engine-unknown': config(
    'The server has no such engine',
    'Choose one that `bulkhead engines list` shows, or put its folder into the folder of engines of every server',
  ),
  'engine-unusable': {
    kind: 'environment',
    meaning:
      'An engine cannot be used: it does not start, does not say what it is, or does not fit this server',
    fix: 'Look at the reason in the message, mend the engine in a folder of a new name, and roll that out',
  },
  'engine-crashes': config(
    'Processes of an engine that an application was put on die before they have read anything',
    'Look for the reason in the log of the server; the application is on the own engine of the servers again, and nothing was lost',
  ),
  'plan-stale': config(
    'Since the plan was made something else became current, or this change is another one',
    'Plan again, look at what it would do, and apply that',
  ),
  'revision-unknown': config(
    'The application has no such revision, or it is no longer kept',
    'Choose one that `bulkhead applications revisions` shows',
  ),
  'application-unknown': config(
    'The server has no such application',
    'Choose one that `GET /api/v1/applications` shows',
  ),
  'request-id-reused': policy(
    'A request with the same id and other content came before',
    'Give every request an id of its own',
  ),
  'request-too-old': policy(
    'The request is older than requests are remembered, so nobody knows whether it was answered',
    'Send it again under a new id',
  ),
  'request-memory-failed': environment(
    'What became of the request cannot be kept in, or read from, the store of the application',
    'Remove the object below `.bulkhead/requests/` that the log names, split the result less, or run with `--no-remember`',
  ),
  'result-expired': policy(
    'The result of this request was removed when its retention ended',
    'Ask again under a new id',
  ),
  'queue-full': {
    kind: 'quota',
    meaning: 'So many runs of the application wait that no more are taken',
    fix: 'Send the request again later, or raise `policy.limits.queued`',
  },
  'application-too-fast': {
    kind: 'quota',
    meaning: 'More requests a second came for the application than the server takes',
    fix: 'Send it again when Retry-After says, or raise `policy.limits.requestsPerSecond` and `spec.applications.requestsPerSecond` of platform.yaml',
  },
  'runner-died': {
    kind: 'bug',
    meaning: 'The process of the run died every time that it was begun',
    fix: 'See the log of the run for how it died; raise `policy.limits.memory` when memory was the reason',
  },
  'memory-exceeded': policy(
    'The process of the run needed more memory than it may use',
    'Read less at once, let the code keep less, or raise `policy.limits.memory`',
  ),
  'hand-over-failed': {
    kind: 'transient',
    meaning: 'A JobSink did not take the event that was to be handed over to it',
    fix: 'Check the address that --job-sink names; whoever sent the event sends it again',
  },
  'runner-busy': {
    kind: 'transient',
    meaning: 'No runner answered in time what the server asked it',
    fix: 'Try again; the log of the server says what its runners do',
  },
  'lease-lost': {
    kind: 'transient',
    meaning: 'The run belongs to another runner by now',
    fix: 'Nothing: the other one answers',
  },
  'repository-unavailable': {
    kind: 'transient',
    meaning: 'The repository of the server cannot be reached',
    fix: 'Check its database; what was taken is kept, and goes on by itself',
  },
  'repository-in-use': environment(
    'Another server uses the repository file',
    'Stop the other one, or use PostgreSQL for several servers',
  ),
  'repository-unusable': environment(
    'The repository cannot be opened: its file, its folder or the rights in its database',
    'Correct what the message names, or give another place',
  ),
  'repository-not-empty': config(
    'A backup is restored into an empty repository only',
    'Name a file, a database or a schema that is not there yet',
  ),
  'backup-unreadable': config(
    'The file is no backup of a repository, or is not whole',
    'Give a file that `bulkhead backup` wrote to its end',
  ),
  'repository-newer': environment(
    'The repository was written by a later version of Bulkhead',
    'Use that version, or restore a backup of before',
  ),
  'platform-invalid': config(
    'A field of the platform file is unknown, missing or ill-typed',
    'Correct the field at `path`; see the reference of the platform',
  ),
  'token-missing': {
    kind: 'auth',
    meaning: 'The server takes calls with a token only',
    fix: 'Send the header `Authorization: Bearer bh_...`; the CLI takes BULKHEAD_TOKEN',
  },
  'token-refused': {
    kind: 'auth',
    meaning: 'The token is not known here, has expired or was revoked',
    fix: 'Ask an administrator for a new one: `bulkhead tokens create`',
  },
  'token-unknown': config('There is no such token', 'Choose one of those that `bulkhead tokens list` shows'),
  'tokens-off-refused': policy(
    'Calls without tokens are taken on loopback only',
    'Set `spec.auth.tokens: required`, or listen on 127.0.0.1',
  ),
  'scope-missing': policy(
    'The token does not allow this call',
    'Use a token with the scope that the message names',
  ),
  'page-refused': policy(
    'A web page of another origin calls a server that takes calls without tokens',
    'Call it from a program of this machine, or set `spec.auth.tokens: required`',
  ),
  'http-tls-unusable': config(
    'Certificate or key of the HTTP API cannot be read, or do not belong together',
    'Correct the files that `spec.http.tls` of platform.yaml names',
  ),
  'client-certificate-missing': policy(
    'The caller showed no certificate that the server knows',
    'Call with a client certificate of an authority in `spec.http.tls.clientCa` of platform.yaml',
  ),
  'too-many-requests': {
    kind: 'quota',
    meaning: 'The caller asks more often than the server allows, or too much at once',
    fix: 'Wait as long as Retry-After says, or raise `spec.http.requestsPerSecond` of platform.yaml',
  },
  'call-invalid': config(
    'A call of the HTTP API is not as its description says',
    'See the OpenAPI document of the server, `GET /api/v1/openapi.json`',
  ),
  'call-too-large': config(
    'A call of the HTTP API is larger than the server takes',
    'Send less, or raise `spec.http.requestBytes` of platform.yaml',
  ),
  'media-type-unsupported': config(
    'The body of a call has a type that is not taken there',
    'Send JSON as application/json, or a CloudEvent where those are taken',
  ),
  'endpoint-unknown': config(
    'The HTTP API has no such address, or not with this method',
    'See the OpenAPI document of the server, `GET /api/v1/openapi.json`',
  ),
  'run-unknown': config(
    'The server has no such run, or the caller may not see it',
    'Choose one of those that `bulkhead runs list` shows',
  ),
  'run-over': config(
    'The run is over',
    'Nothing is left to cancel; a run that failed or was cancelled begins anew by `bulkhead runs retry`',
  ),
  'run-not-over': config('The run is not over yet', 'Wait for it: `bulkhead runs watch`'),
  'run-not-retryable': config(
    'Only a run that failed or was cancelled, and is the last of its request, can be tried again',
    'Send a new request, under a new id',
  ),
  'result-absent': config('The run has no result, or no file of this name', 'See the run for its files'),
  'reply-destination-unknown': config(
    'The application declares no such reply destination',
    'Choose one of those that the message names',
  ),
  'server-unreachable': {
    kind: 'transient',
    meaning: 'The server of Bulkhead does not answer',
    fix: 'Start it by `bulkhead up`, or name another by --server or BULKHEAD_SERVER',
  },
  'server-answer-invalid': environment(
    'What answers is no Bulkhead server, or of another version',
    'Check --server and BULKHEAD_SERVER',
  ),
  'traces-unusable': environment(
    'Traces cannot be sent as configured',
    'Correct `spec.observability.traces` of platform.yaml',
  ),
  cancelled: { kind: 'cancelled', meaning: 'The run was stopped', fix: 'Start it again' },
  usage: config('The command line cannot be understood', 'See --help'),
  internal: { kind: 'bug', meaning: 'A fault in Bulkhead', fix: 'Report it with the run id and the log' },
} as const satisfies Readonly<Record<string, Registered>>

export type ErrorCode = keyof typeof registry
export const errorRegistry: Readonly<Record<ErrorCode, Registered>> = registry

function config(meaning: string, fix: string): Registered {
  return { kind: 'config', meaning, fix }
}
function policy(meaning: string, fix: string): Registered {
  return { kind: 'policy', meaning, fix }
}
function environment(meaning: string, fix: string): Registered {
  return { kind: 'environment', meaning, fix }
}

/** An error of the platform: its kind comes from the registry, and its fix too when none is given. */
export function fault(
  code: ErrorCode,
  message: string,
  details: Omit<Partial<ErrorDetails>, 'kind' | 'code' | 'message'> = {},
): BulkheadError {
  const { kind, fix } = errorRegistry[code]
  return new BulkheadError({ fix, ...details, kind, code, message })
}

/** Exit code of a command by kind of error; 0 is success, 128 + n a signal. */
export const exitCodes = {
  bug: 1,
  config: 2,
  policy: 2,
  auth: 2,
  environment: 3,
  transient: 3,
  throttled: 3,
  record: 4,
  cancelled: 5,
  quota: 75,
} as const satisfies Readonly<Record<ErrorKind, number>>

/** HTTP status by kind of error. @see RFC 9457 for the body */
export const httpStatuses = {
  bug: 500,
  config: 422,
  policy: 403,
  auth: 502,
  environment: 503,
  transient: 503,
  throttled: 429,
  record: 422,
  cancelled: 409,
  quota: 429,
} as const satisfies Readonly<Record<ErrorKind, number>>
