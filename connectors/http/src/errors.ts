import { connectorErrors, type RegisteredError } from '@bulkhead/connector-sdk'

/** Every code that only this connector throws. */
export const { errors, error: httpFault } = connectorErrors({
  'http-settings-invalid': config(
    'The settings contradict each other',
    'Correct the field that the message names',
  ),
  'http-unencrypted': config(
    'The address has http, and everything would travel in clear',
    'Write https, or set allowUnencrypted where the network is trusted',
  ),
  'http-host-unknown': config('The name of the host does not exist', 'Correct the host of the address'),
  'http-certificate-refused': config(
    'The certificate of the server is not signed by a known authority, names another host or has expired',
    'Give the authority of the server in tls.ca, or its name in tls.serverName',
  ),
  'http-tls-settings': config(
    'Certificate, key or authority in the settings cannot be read, or do not fit',
    'Correct tls.ca, tls.cert, tls.key: PEM text, key without passphrase',
  ),
  'http-tls-failed': outage(
    'No encrypted connection came about, perhaps because the server demands a client certificate',
    'Check that the server speaks TLS at this port, and tls.cert and tls.key when it demands them',
  ),
  'http-unreachable': outage(
    'Nothing answers at the address, or the connection broke before the answer',
    'Check host and port of the address, and that the firewall lets this machine out',
  ),
  'http-timeout': outage(
    'The server did not answer, or stopped sending, for too long',
    'Try again, or raise requestTimeout',
  ),
  'http-connection-lost': outage(
    'The connection broke within an answer, and again when its page was read again',
    'Try again; a smaller page may get through',
  ),
  'http-read-too-long': config(
    'The read took longer than the connection allows',
    'Read less, or raise limits.queryTimeout of the connection',
  ),
  'http-login-refused': auth('The server refuses the credentials (401)', 'Correct the credentials in auth'),
  'http-forbidden': auth(
    'The credentials are not allowed to read this (403)',
    'Grant them the right to read it',
  ),
  'http-token-refused': auth(
    'The token endpoint refuses the client credentials, the scope or the audience',
    'Correct clientId, clientSecret, scope and audience in auth',
  ),
  'http-token-invalid': config(
    'The token endpoint does not answer as OAuth 2.0 says',
    'Correct auth.endpoint: it is the token endpoint, not the issuer or a login page',
  ),
  'http-not-found': config(
    'There is nothing at the path (404 or 410)',
    'Correct baseUrl of the connection, and path of the query',
  ),
  'http-request-refused': config(
    'The server refuses the request (another status of 4xx)',
    'Compare path, parameters and body of the query with the documentation of the API',
  ),
  'http-throttled': {
    kind: 'throttled',
    ofConnection: true,
    meaning: 'The server asks to wait longer than the settings allow, or asked too often',
    fix: 'Try again later, lower requestsPerSecond, or raise retry.longestWait',
  },
  'http-unavailable': outage(
    'The server failed (408 or 5xx), or said that its answer is not ready yet (202), at every attempt',
    'Try again later',
  ),
  'http-redirect-elsewhere': {
    kind: 'policy',
    meaning:
      'The server redirects to another origin; credentials and requests stay where they were meant to go',
    fix: 'If the new address is right, write it as baseUrl',
  },
  'http-redirect-refused': config(
    'The server redirects too often, or a POST in a way that would make it a GET',
    'Write the address that it leads to as baseUrl or path',
  ),
  'http-next-elsewhere': {
    kind: 'policy',
    meaning:
      'The next page lies at another origin; credentials and requests stay where they were meant to go',
    fix: 'If the address of the next page is right, write its origin as baseUrl',
  },
  'http-query-invalid': config(
    'The query is not what the connector takes',
    'Correct the field that the message names',
  ),
  'http-path-invalid': config(
    'A part of the path is empty, `.` or `..`, or has a character that no path can have',
    'Write the parts of the path one by one, without `.` and `..`',
  ),
  'http-header-invalid': config(
    'A header has a name or value that no header can have, or one that the connector sets itself',
    'Leave it out, or use letters, digits and hyphens for the name and one line of ASCII for the value',
  ),
  'http-records-missing': config(
    'The answer has no list at the place that the query names',
    'Correct `records`: a JSON Pointer such as /data/items, empty when the answer is the list',
  ),
  'http-answer-not-json': config(
    'The answer is not JSON, such as the page of a login or an error',
    'Look at the answer by curl, and correct baseUrl, path and headers; for JSON Lines set format: ndjson',
  ),
  'http-answer-invalid': config(
    'The answer is damaged JSON, or not UTF-8',
    'Report it to those who run the API',
  ),
  'http-answer-truncated': transient(
    'The answer ends before its JSON does',
    'Try again; a smaller page may get through',
  ),
  'http-errors-reported': config(
    'The answer succeeds, and says itself that something in it failed or is missing',
    'Look at what it says at `errorsAt`, and correct the query',
  ),
  'http-page-too-large': config(
    'A page is larger than the settings allow',
    'Ask for smaller pages, or raise maxPageSize',
  ),
  'http-record-too-large': config('A record is larger than the settings allow', 'Raise maxRecordSize'),
  'http-more-pages': config(
    'The answer names a next page, or is a part (206), and the query does not say how to go on: the rest would be lost',
    'Write paging: { by: link }, or paging: { by: none } when one page is what is wanted',
  ),
  'http-paging-broken': config(
    'What the answer says about the next page is missing or contradicts itself',
    'Compare paging of the query with the documentation of the API',
  ),
  'http-paging-loop': config(
    'The same page came again: the server ignores what the query pages by, or leads in a circle',
    'Correct the names in paging; compare with the documentation of the API',
  ),
  'http-too-many-pages': config(
    'There are more pages than the query allows',
    'Raise paging.maxPages, or ask for larger pages',
  ),
  'http-page-changed': transient(
    'A page broke off, and was another one when it was read again',
    'Start the run again; an order that does not change, or a cursor, helps',
  ),
  'http-value-invalid': config(
    'A value is not what its column says',
    'Give the column another type; json takes everything',
  ),
  'http-field-unknown': config(
    'A record has a field that no column takes: it would be lost',
    'Add a column for it, or set otherFields to keep (a column of JSON) or drop',
  ),
})

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
