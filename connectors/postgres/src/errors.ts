import { connectorErrors } from '@bulkhead/connector-sdk'

/** The one registry of this connector's error codes; documentation and `connector.json` are made of it. */
export const { errors, error: postgresError } = connectorErrors({
  'postgres-host-unknown': {
    kind: 'config',
    meaning: 'The name of the host does not exist',
    fix: 'Correct `host`',
  },
  'postgres-unreachable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'Nothing answers at host and port: refused, no route, no answer, or name service down',
    fix: 'Check `host` and `port`, that the server runs, and that its firewall lets this machine in',
  },
  'postgres-connect-timeout': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server did not answer in time while connecting',
    fix: 'Check `host` and `port`, or raise `limits.connectTimeout`',
  },
  'postgres-not-a-server': {
    kind: 'config',
    meaning: 'What answers at host and port does not speak the protocol of PostgreSQL',
    fix: 'Correct `host` and `port`',
  },
  'postgres-connection-lost': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The connection broke, or the server ended the session',
    fix: 'Try again; the log of the server says why it ended the session',
  },
  'postgres-unavailable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server starts, stops or recovers, or takes no more connections',
    fix: 'Try again later, lower `limits.connections`, or ask for more connections',
  },
  'postgres-tls-unsupported': {
    kind: 'config',
    meaning: 'The settings demand TLS and the server has none',
    fix: 'Switch TLS on at the server, or set `tls.mode` to `disable` where the network is trusted',
  },
  'postgres-certificate-refused': {
    kind: 'config',
    meaning:
      'The certificate of the server is not signed by a known authority, names another host or has expired',
    fix: 'Give the authority of the server in `tls.ca`, its name in `tls.serverName`, or lower `tls.mode`',
  },
  'postgres-tls-settings': {
    kind: 'config',
    meaning: 'Certificate, key or authority in the settings cannot be read, or do not fit',
    fix: 'Correct `tls.ca`, `tls.cert`, `tls.key`: PEM text, key without passphrase',
  },
  'postgres-tls-failed': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server ended the TLS handshake, perhaps because it demands a client certificate',
    fix: 'Check the log of the server, and `tls.cert` and `tls.key` when it demands them',
  },
  'postgres-iam-settings': {
    kind: 'config',
    meaning: 'The settings of IAM are incomplete, contradict others, or would send a token to who knows whom',
    fix: 'Correct the setting at `path`',
  },
  'postgres-iam-identity': {
    kind: 'auth',
    meaning: 'The machine has no identity from which a token of IAM could be made',
    fix: 'Give the machine a role, or set `iam.accessKeyId` and `iam.secretAccessKey`',
  },
  'postgres-machine-identity-refused': {
    kind: 'policy',
    meaning: 'The settings ask for the identity of the machine, which whoever runs it has not allowed',
    fix: 'Set `iam.accessKeyId` and `iam.secretAccessKey`, or let the operator set BULKHEAD_POSTGRES_MACHINE_IDENTITY=allow',
  },
  'postgres-password-missing': {
    kind: 'auth',
    meaning: 'The server asks for a password and the settings have none',
    fix: 'Set `password`',
  },
  'postgres-password-refused': {
    kind: 'auth',
    meaning: 'The server refuses the password of this user, or does not know the user',
    fix: 'Correct `user` and `password`',
  },
  'postgres-login-refused': {
    kind: 'auth',
    meaning: 'The server does not let this user log in from here',
    fix: 'Ask for an entry in pg_hba.conf for user, database, address and TLS, and for the right to log in',
  },
  'postgres-login-unsupported': {
    kind: 'config',
    meaning: 'The server demands a way of logging in that the connector does not know, such as Kerberos',
    fix: 'Let the user log in by SCRAM-SHA-256, another password method or a client certificate',
  },
  'postgres-database-unknown': {
    kind: 'config',
    meaning: 'There is no such database on the server',
    fix: 'Correct `database`',
  },
  'postgres-setting-refused': {
    kind: 'config',
    meaning: 'The server does not know the time zone',
    fix: 'Correct `timeZone`',
  },
  'postgres-connections-in-use': {
    kind: 'quota',
    meaning: 'The run reads at more places at once than the connection allows',
    fix: 'Raise `limits.connections` of the connection',
  },

  'postgres-query-invalid': {
    kind: 'config',
    meaning: 'The server does not accept the query: syntax, unknown table or column, types that do not fit',
    fix: 'Correct the query at the line and column of the message',
  },
  'postgres-not-a-query': {
    kind: 'config',
    meaning: 'The text is not exactly one SELECT, VALUES, TABLE or WITH',
    fix: 'Write one query that returns rows',
  },
  'postgres-write-refused': {
    kind: 'policy',
    meaning: 'The query tries to change data; it runs in a read-only transaction',
    fix: 'Only read; functions that write cannot be used either',
  },
  'postgres-permission-denied': {
    kind: 'auth',
    meaning: 'The user may not read what the query reads',
    fix: 'Grant the user SELECT on it (and USAGE on its schema), or use another user',
  },
  'postgres-positional-parameter': {
    kind: 'config',
    meaning: 'The query has a parameter such as $1',
    fix: 'Name the parameters: write :name and give `parameters.name`',
  },
  'postgres-parameter-type-unknown': {
    kind: 'config',
    meaning: 'The server cannot tell the type of a parameter',
    fix: 'Write the type behind it, such as :name::date',
  },
  'postgres-parameter-invalid': {
    kind: 'config',
    meaning: 'The server cannot take the value of a parameter as the type that the query uses it for',
    fix: 'Give a value of this type, or write the type behind the parameter, such as :name::date',
  },
  'postgres-duplicate-column': {
    kind: 'config',
    meaning: 'Two columns have the same name, and the format keeps values by name',
    fix: 'Give each column its own name with AS',
  },
  'postgres-csv-option': {
    kind: 'config',
    meaning: 'The server cannot write CSV with these options',
    fix: 'Use a delimiter of one ASCII character that is not part of the null text, and no quote or line break in either',
  },
  'postgres-value-refused': {
    kind: 'config',
    meaning:
      'A value of the data, or of the query, cannot be computed or converted; the value itself is not shown',
    fix: 'Look for the expression that can fail for some rows, such as a division or a conversion of text',
  },
  'postgres-function-failed': {
    kind: 'config',
    meaning: 'A function of the database raised an error of its own; its text is not shown, it may hold data',
    fix: 'See the log of the server, and correct the function or how the query calls it',
  },
  'postgres-row-too-large': {
    kind: 'config',
    meaning: 'A row is larger than the settings allow',
    fix: 'Leave large columns out, or raise `maxRowSize`',
  },
  'postgres-timestamp-out-of-range': {
    kind: 'config',
    meaning: 'A timestamp lies after 294247-01-10 and does not fit into 64 bits since 1970',
    fix: 'Convert the column to text in the query',
  },
  'postgres-query-timeout': {
    kind: 'config',
    meaning:
      'The query took longer than the connection allows, waiting for the receiver of the data included',
    fix: 'Make the query faster or narrower, or raise `limits.queryTimeout`',
  },
  'postgres-query-cancelled': {
    kind: 'transient',
    meaning: 'Someone on the side of the server cancelled the query',
    fix: 'Ask the administrator of the server why, then try again',
  },
  'postgres-lock-timeout': {
    kind: 'transient',
    meaning: 'Another session holds a lock on what the query reads',
    fix: 'Try again when the other session is done, or raise `lockTimeout`',
  },
  'postgres-conflict': {
    kind: 'transient',
    meaning: 'The query conflicted with other transactions, or with recovery on a standby',
    fix: 'Try again; on a standby a larger max_standby_streaming_delay helps',
  },
  'postgres-out-of-resources': {
    kind: 'transient',
    meaning: 'The server is out of memory, disk or another resource',
    fix: 'Try again later, or ask the administrator of the server',
  },
  'postgres-server-error': {
    kind: 'transient',
    meaning: 'The server failed inside',
    fix: 'Try again; the log of the server has the details',
  },
  'postgres-query-failed': {
    kind: 'config',
    meaning: 'The server ended the query with an error that has no code of its own here',
    fix: 'Look the SQLSTATE of the message up in the documentation of PostgreSQL',
  },
  'postgres-protocol': {
    kind: 'bug',
    meaning: 'The server answered what the connector does not expect',
    fix: 'Report it with the versions of server, proxies and connector',
  },
})
