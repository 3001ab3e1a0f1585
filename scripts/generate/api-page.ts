import { type Endpoint, endpoints } from '@bulkhead/contract'
import { generatedNote, table } from './markdown.ts'

/** The endpoints of the HTTP API at a glance; everything else about them is in `openapi.json` beside it. */
export function apiPage(): string {
  const rows = (Object.values(endpoints) as readonly Endpoint[]).map(
    ({ method, path, scope, summary, answers }) => [
      `\`${method} ${path}\``,
      scopeWords[scope],
      summary,
      Object.keys(answers).join(', '),
    ],
  )
  return `${generatedNote}
# HTTP API

A server of Bulkhead listens on \`spec.http\` of platform.yaml. [openapi.json](openapi.json) describes every call and answer as OpenAPI 3.1; a server serves its
own at \`/api/v1/openapi.json\`. A call needs the header \`Authorization: Bearer bh_...\` (\`bulkhead tokens create\`); \`run:APPLICATION\` may do what
\`read:APPLICATION\` may, \`admin\` everything, and \`*\` stands for all applications. Every error is a problem as RFC 9457 has it, with \`code\`, \`kind\`, \`path\`
and \`fix\` ([errors](errors.md)); 429 and 503 say by \`Retry-After\` when to come again.

A run is started by a job's name, and the same \`Idempotency-Key\` (or \`requestId\`) again is the same run:

\`\`\`sh
curl --fail-with-body -X POST http://127.0.0.1:7071/api/v1/applications/flights/jobs/departures/runs \\
  -H "Authorization: Bearer $BULKHEAD_TOKEN" -H 'Idempotency-Key: report-1' \\
  -H 'Content-Type: application/json' -d '{ "parameters": { "airport": "SEA" } }'
\`\`\`

${table(['Call', 'Scope', 'What it does', 'Answers'], rows)}
`
}

const scopeWords: Readonly<Record<Endpoint['scope'], string>> = {
  none: 'none needed',
  any: 'any: what the token may see',
  read: 'read',
  run: 'run',
  apply: 'apply',
  metrics: 'metrics',
  admin: 'admin',
}
