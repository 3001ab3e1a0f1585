import { connectorErrors } from '@bulkhead/connector-sdk'

/** The one registry of this connector's error codes; documentation and `connector.json` are made of it. */
export const { errors, error: cassandraError } = connectorErrors({
  'cassandra-host-unknown': {
    kind: 'config',
    meaning: 'The name of no contact point exists',
    fix: 'Correct `contactPoints`',
  },
  'cassandra-unreachable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'No contact point answers, or no node of the datacenter is up',
    fix: 'Check `contactPoints` and `port`, that the nodes run, and that their firewall lets this machine in',
  },
  'cassandra-connect-timeout': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The cluster did not answer in time while connecting',
    fix: 'Check `contactPoints` and `port`, or raise `limits.connectTimeout`',
  },
  'cassandra-not-a-server': {
    kind: 'config',
    meaning: 'What answers does not speak the native protocol of Cassandra',
    fix: 'Correct `contactPoints` and `port`',
  },
  'cassandra-datacenter-unknown': {
    kind: 'config',
    meaning: 'The cluster has no node in the datacenter of the settings',
    fix: 'Set `datacenter` to one that the message lists; names are case-sensitive',
  },
  'cassandra-keyspace-unknown': {
    kind: 'config',
    meaning: 'The cluster has no such keyspace',
    fix: 'Correct `keyspace`',
  },
  'cassandra-connection-lost': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The connection broke while reading, and no other node could go on',
    fix: 'Try again; the log of the node says why it ended the connection',
  },
  'cassandra-certificate-refused': {
    kind: 'config',
    meaning:
      'The certificate of a node is not signed by a known authority, names another host or has expired',
    fix: 'Give the authority in `tls.ca`, or the name that all nodes carry in `tls.serverName`',
  },
  'cassandra-tls-settings': {
    kind: 'config',
    meaning: 'Certificate, key or authority in the settings cannot be read, or do not fit',
    fix: 'Correct `tls.ca`, `tls.cert`, `tls.key`: PEM text, key without passphrase',
  },
  'cassandra-tls-failed': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The node ended the TLS handshake: it has no TLS at this port, or demands a client certificate',
    fix: 'Check `port` and `tls.mode`, and `tls.cert` and `tls.key` when the node demands them',
  },
  'cassandra-password-missing': {
    kind: 'auth',
    meaning: 'The cluster asks for a password and the settings have none',
    fix: 'Set `user` and `password`',
  },
  'cassandra-login-refused': {
    kind: 'auth',
    meaning: 'The cluster refuses user or password, or the role may not log in',
    fix: 'Correct `user` and `password`, and see that the role has LOGIN',
  },
  'cassandra-permission-denied': {
    kind: 'auth',
    meaning: 'The role may not read what the query reads',
    fix: 'Grant the role SELECT on it, or use another one',
  },
  'cassandra-query-invalid': {
    kind: 'config',
    meaning:
      'The cluster does not accept the query: syntax, unknown table or column, or a filter without index',
    fix: 'Correct the query as the message says',
  },
  'cassandra-not-a-query': {
    kind: 'config',
    meaning: 'The query is neither exactly one SELECT nor an object with a table',
    fix: 'Write one SELECT, or { table, columns, where }',
  },
  'cassandra-write-refused': {
    kind: 'policy',
    meaning: 'The query is a statement that changes data',
    fix: 'Write a SELECT',
  },
  'cassandra-positional-parameter': {
    kind: 'config',
    meaning: 'The query has a parameter without name: ?',
    fix: 'Name the parameters: write :name and give `parameters.name`',
  },
  'cassandra-parameter-invalid': {
    kind: 'config',
    meaning: 'The value of a parameter does not fit the type for which the query uses it',
    fix: 'Give a value of this type',
  },
  'cassandra-duplicate-column': {
    kind: 'config',
    meaning: 'Two columns of the result have the same name, or one has a name that the client cannot keep',
    fix: 'Give each column its own name with AS',
  },
  'cassandra-type-unsupported': {
    kind: 'config',
    meaning: 'A column has a type whose values cannot be kept exactly',
    fix: 'Leave the column out, or convert it in the query, such as with CAST(… AS text)',
  },
  'cassandra-value-refused': {
    kind: 'config',
    meaning:
      'A value is beyond what can be kept exactly: a timestamp or date too far away, a decimal too long',
    fix: 'Convert the column in the query, such as with CAST(… AS text), or leave it out',
  },
  'cassandra-schema-changed': {
    kind: 'transient',
    meaning: 'The table was altered while it was read',
    fix: 'Try again',
  },
  'cassandra-partitioner-unsupported': {
    kind: 'config',
    meaning: 'The partitioner of the cluster has no tokens that can be split',
    fix: 'Write a SELECT in place of the object query',
  },
  'cassandra-page-timeout': {
    kind: 'transient',
    meaning: 'A page of rows took longer than `requestTimeout`, or than the cluster allows itself',
    fix: 'Try again, lower `pageSize`, or raise `requestTimeout` and the timeouts of the cluster',
  },
  'cassandra-query-timeout': {
    kind: 'config',
    meaning: 'The read took longer than the connection allows, waiting for the receiver of the data included',
    fix: 'Read less, or raise `limits.queryTimeout`',
  },
  'cassandra-replicas-unavailable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'Fewer replicas are up or answered than the consistency level demands',
    fix: 'Try again when the nodes are up, or lower `consistency`',
  },
  'cassandra-overloaded': {
    kind: 'throttled',
    ofConnection: true,
    meaning: 'The cluster refuses work because it has too much',
    fix: 'Try again later, or lower `limits.connections` and `pageSize`',
  },
  'cassandra-read-failed': {
    kind: 'transient',
    meaning: 'Replicas failed while reading, perhaps for too many tombstones',
    fix: 'See the log of the nodes; a compaction or a narrower query may help',
  },
  'cassandra-server-error': {
    kind: 'transient',
    meaning: 'A node failed inside, or its answer has no code of its own here',
    fix: 'Try again; the log of the node has the details',
  },
  'cassandra-protocol': {
    kind: 'bug',
    meaning: 'The client or the cluster did what the connector does not expect',
    fix: 'Report it with the versions of cluster and connector',
  },
})
