/** Bodies that are no requests, or such as no job takes. */
const deep = 100_000

/** What names no request that could be answered. */
export const unreadable: readonly string[] = [
  '',
  '{',
  'null',
  '[]',
  '"a text"',
  '['.repeat(deep),
  `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  `{"requestId": "${'x'.repeat(deep)}", "job": "extract"}`,
  '{"requestId": "../../etc/passwd\\u0000", "job": "extract"}',
  '{"specversion": "9.9", "source": "/", "type": "dev.bulkhead.run.requested.v1", "data": {}}',
  '\u0000\u0001\u0002',
  '{"requestId": "x", "job": "constructor", "__proto__": {"job": "other"}, "constructor": {"prototype": 1}}',
]

/** What has an id, in place of ID, and is wrong. */
export const wrong: readonly string[] = [
  '{"requestId": "ID", "job": "no-such-job"}',
  '{"requestId": "ID", "job": "__proto__"}',
  '{"requestId": "ID", "job": "extract", "parameters": {"nobody": "declared this"}}',
  `{"requestId": "ID", "job": "extract", "context": "${'x'.repeat(deep)}"}`,
]
