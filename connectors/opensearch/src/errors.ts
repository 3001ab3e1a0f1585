import { type BulkheadError, connectorErrors } from '@bulkhead/connector-sdk'

/** The one registry of this connector's error codes; documentation and `connector.json` are made of it. */
export const { errors, error: opensearchError } = connectorErrors({
  'opensearch-settings-invalid': {
    kind: 'config',
    meaning: 'Settings contradict each other, such as two ways to log in, or a password without user',
    fix: 'Correct the setting at `path`',
  },
  'opensearch-host-unknown': {
    kind: 'config',
    meaning: 'The name of a host does not exist',
    fix: 'Correct `nodes`',
  },
  'opensearch-unreachable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'No node answers: refused, no route, or name service down',
    fix: 'Check `nodes`, that the cluster runs, and that its firewall lets this machine in',
  },
  'opensearch-connect-timeout': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'No node took the connection in time',
    fix: 'Check `nodes`, or raise `limits.connectTimeout`',
  },
  'opensearch-request-timeout': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server did not answer a request in time',
    fix: 'Raise `requestTimeout`, or make the query faster',
  },
  'opensearch-connection-lost': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The connection broke before the answer was complete, more often than is tried again',
    fix: 'Try again; the log of the server or of the proxy before it says why',
  },
  'opensearch-certificate-refused': {
    kind: 'config',
    meaning:
      'The certificate of the server is not signed by a known authority, names another host or has expired',
    fix: 'Give the authority of the server in `tls.ca`, or its name in `tls.serverName`',
  },
  'opensearch-tls-settings': {
    kind: 'config',
    meaning: 'Certificate, key or authority in the settings cannot be read, or do not fit',
    fix: 'Correct `tls.ca`, `tls.cert`, `tls.key`: PEM text, key without passphrase',
  },
  'opensearch-tls-failed': {
    kind: 'transient',
    ofConnection: true,
    meaning:
      'No encrypted connection came about: no TLS at this address, or a client certificate is demanded',
    fix: 'Check that the address begins with the right one of http and https, and `tls.cert` and `tls.key`',
  },
  'opensearch-not-a-server': {
    kind: 'config',
    meaning: 'What answers at the address does not speak the protocol of OpenSearch, or not over this scheme',
    fix: 'Correct `nodes`: scheme, host, port and path',
  },
  'opensearch-not-supported': {
    kind: 'config',
    meaning:
      'The server has no points in time in the manner of OpenSearch: it is older than 2.4, or another product',
    fix: 'Use OpenSearch 2.4 or newer',
  },
  'opensearch-login-missing': {
    kind: 'auth',
    meaning: 'The server asks who it is, and the settings do not say',
    fix: 'Set `user` and `password`, `token`, `apiKey`, `aws`, or `tls.cert` and `tls.key`',
  },
  'opensearch-aws-identity': {
    kind: 'auth',
    meaning: 'The machine has no identity by which requests could be signed',
    fix: 'Give the machine a role, or set `aws.accessKeyId` and `aws.secretAccessKey`',
  },
  'opensearch-machine-identity-refused': {
    kind: 'policy',
    meaning: 'The settings ask for the identity of the machine, which whoever runs it has not allowed',
    fix: 'Set `aws.accessKeyId` and `aws.secretAccessKey`, or let the operator set BULKHEAD_OPENSEARCH_MACHINE_IDENTITY=allow',
  },
  'opensearch-login-refused': {
    kind: 'auth',
    meaning: 'The server refuses user and password, token, key or signature',
    fix: 'Correct `user` and `password`, `token`, `apiKey`, or the keys, region, service and host of `aws`',
  },
  'opensearch-permission-denied': {
    kind: 'auth',
    meaning: 'The user may not do what the read needs',
    fix: 'Grant the user indices:data/read/search and indices:data/read/point_in_time/create and /delete on the index, and indices:admin/mappings/get for columns',
  },
  'opensearch-busy': {
    kind: 'throttled',
    ofConnection: true,
    meaning: 'The server has too much to do, more often than is tried again',
    fix: 'Try again later, lower `slices` or `pageSize` of the query, or ask for a larger cluster',
  },
  'opensearch-unavailable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The cluster, or a shard that the query needs, is not available',
    fix: 'Try again later; the health of the cluster says what is missing',
  },
  'opensearch-partial-result': {
    kind: 'transient',
    meaning: 'The server answered without some of its shards, or before it was done',
    fix: 'Try again; the log of the server says which shards failed. Raise `requestTimeout` when it was too slow',
  },
  'opensearch-snapshot-lost': {
    kind: 'transient',
    meaning: 'The server no longer knows the point in time: a node restarted, or the point in time ended',
    fix: 'Try again, or raise `keepAlive`',
  },
  'opensearch-incomplete': {
    kind: 'transient',
    meaning: 'The pages held another number of documents than the query had at the point in time',
    fix: 'Try again, and report it with the version of the server when it comes again',
  },
  'opensearch-query-timeout': {
    kind: 'config',
    meaning: 'The read took longer than the connection allows, waiting for the receiver of the data included',
    fix: 'Make the query narrower, or raise `limits.queryTimeout`',
  },
  'opensearch-query-invalid': {
    kind: 'config',
    meaning: 'The query is not of the form that the connector takes, or the server does not accept it',
    fix: 'Correct the query as the message says',
  },
  'opensearch-scripts-refused': {
    kind: 'policy',
    meaning: 'The query carries a script, a template or a query that is hidden in text',
    fix: 'Write the query without it, or set `scripts` of the connection to `allow`',
  },
  'opensearch-parameter-refused': {
    kind: 'config',
    meaning: 'A parameter stands where its value would become code, or name more indices than one',
    fix: 'Use parameters for values, `params` of a script included, and for the full names of indices',
  },
  'opensearch-sql-missing': {
    kind: 'config',
    meaning: 'The query is in SQL, and the server does not have the SQL plugin, or it is switched off',
    fix: 'Install or enable the SQL plugin, or write the query in the language of OpenSearch',
  },
  'opensearch-sql-refused': {
    kind: 'policy',
    meaning: 'The query in SQL is none that only reads, or does not begin with it',
    fix: 'Begin the query with SELECT, SHOW or DESCRIBE, and move comments behind it',
  },
  'opensearch-sql-ambiguous': {
    kind: 'config',
    meaning:
      'The text of a query with parameters holds what the SQL plugin could take for another place of a value',
    fix: 'Take it out of the text; a text can be a parameter too',
  },
  'opensearch-sql-parameter-unfit': {
    kind: 'config',
    meaning:
      'The SQL plugin would change the value of a parameter: control characters, lists, bytes, whole numbers beyond 64 bits; before OpenSearch 3 quotes and backslashes too',
    fix: 'Write the query in the language of OpenSearch, which takes every value',
  },
  'opensearch-sql-cut': {
    kind: 'config',
    meaning:
      'A result in SQL came in one piece of just as many rows as the server gives at most, so that rows may be missing',
    fix: 'Give the query a LIMIT or a narrower WHERE, or write it in the language of OpenSearch',
  },
  'opensearch-sql-answer-too-large': {
    kind: 'config',
    meaning: 'One answer to a query in SQL is larger than the settings allow',
    fix: 'Select fewer columns or rows, or raise `maxDocumentSize`',
  },
  'opensearch-index-unknown': {
    kind: 'config',
    meaning: 'There is no such index, or nothing that matches the pattern',
    fix: 'Correct `query.index`',
  },
  'opensearch-index-closed': {
    kind: 'config',
    meaning: 'The index is closed',
    fix: 'Open the index, or read another one',
  },
  'opensearch-column-unknown': {
    kind: 'config',
    meaning: 'The mapping has no such field, and the query says no type for it',
    fix: 'Correct the name, or give the column a `type`',
  },
  'opensearch-duplicate-column': {
    kind: 'config',
    meaning: 'Two columns have the same name',
    fix: 'Give each column its own `name`',
  },
  'opensearch-mapping-conflict': {
    kind: 'config',
    meaning: 'The indices that are read give a field different types',
    fix: 'List the field under `columns` with a `type`, or read fewer indices',
  },
  'opensearch-field-unmapped': {
    kind: 'config',
    meaning: 'A document has a field that is no column: the mapping does not know it',
    fix: 'List the columns of the result under `columns`, `_source` for the whole document among them',
  },
  'opensearch-value-unfit': {
    kind: 'config',
    meaning:
      'A value of a document cannot be kept exactly by the type of its column; the value itself is not shown',
    fix: 'List the column under `columns` with the type `json`, or `text` for one value',
  },
  'opensearch-source-missing': {
    kind: 'config',
    meaning: 'A document comes without its content: the index does not keep `_source`',
    fix: 'Read an index that keeps `_source`, or only metadata such as `_id` under `columns`',
  },
  'opensearch-document-too-large': {
    kind: 'config',
    meaning: 'A document is larger than the settings allow',
    fix: 'Leave it out by the query, or raise `maxDocumentSize`',
  },
  'opensearch-request-refused': {
    kind: 'config',
    meaning:
      'The server, or a proxy before it, refuses a request for a reason that has no code of its own here',
    fix: 'Look the type of the error up in the log of the server',
  },
  'opensearch-server-error': {
    kind: 'transient',
    meaning: 'The server failed inside',
    fix: 'Try again; the log of the server has the details',
  },
  'opensearch-unexpected-answer': {
    kind: 'bug',
    meaning: 'The server answered what the connector does not expect',
    fix: 'Report it with the versions of server, proxies and connector',
  },
})

export type ErrorCode = Parameters<typeof opensearchError>[0]

export function documentTooLarge(mostBytes: number): BulkheadError {
  return opensearchError('opensearch-document-too-large', `A document has more than ${mostBytes} bytes`, {
    path: 'config.maxDocumentSize',
  })
}
