import { errorKinds, type ConnectorError, type ErrorKind } from '@bulkhead/connector-sdk'
import { errorRegistry, exitCodes, httpStatuses, openApiDocument } from '@bulkhead/contract'
import { apiPage } from './api-page.ts'
import { cliPage } from './cli-page.ts'
import type { DescribedConnector } from './connector-manifests.ts'
import { fieldTable, generatedNote, table } from './markdown.ts'
import type { JsonSchema } from '@bulkhead/contract'
import { publishedSchemas } from './schemas.ts'
import { typesPage } from './types-page.ts'
import { serversPage } from './servers-page.ts'

/** The pages of docs/reference, by file name. */
export function referencePages(connectors: readonly DescribedConnector[]): Readonly<Record<string, string>> {
  const schemas = publishedSchemas()
  const schema = (name: string): JsonSchema => schemas[name] ?? {}
  return {
    'api.md': apiPage(),
    // its version is that of the shapes, which stays while the server's changes
    'openapi.json': `${JSON.stringify(openApiDocument('1'), null, 2)}\n`,
    'cli.md': cliPage(),
    'errors.md': errorsPage(connectors),
    'manifest.md': page(
      'Manifest',
      `\`application.yaml\` describes an application, \`environments/NAME.yaml\` what differs in one place. JSON Schemas: \`bulkhead schema application\`,
\`bulkhead schema environment\`. Unknown fields are errors. Durations are ISO 8601 (\`PT30M\`, \`P7D\`), sizes \`512MiB\` or \`512MB\`. YAML is read
as 1.2, and what 1.1 readers read differently (\`no\`, \`010\`, \`1:30\`, a bare date) has to be in quotes.`,
      ['Application', fieldTable(schema('application.v1beta1.json'))],
      ['Environment', fieldTable(schema('environment.v1beta1.json'))],
    ),
    'platform.md': page(
      'Platform',
      `\`platform.yaml\` says what a server is made of; everything has a default. JSON Schema: \`bulkhead schema platform\`. A variable stands over the file:
\`BULKHEAD_PLATFORM__HTTP__PUBLIC_URL\` is \`spec.http.publicUrl\`, and a value that is JSON is taken as such.`,
      ['Fields', fieldTable(schema('platform.v1beta1.json'))],
    ),
    'request.md': page(
      'Request',
      `Version 1: its names stay. A request is a CloudEvent 1.0, or a plain object with \`requestId\` beside the fields below. At most 1 MiB. JSON Schema:
\`bulkhead schema request\`. Unknown fields are tolerated, and named in \`warnings\` of the reply. Whole numbers beyond 2^53 and decimals of any length are
kept exactly in \`parameters\`.`,
      ['Fields', fieldTable(dataOf(schema('request.v1.json')))],
    ),
    'reply.md': page(
      'Reply',
      `Version 1: its names stay. A reply is a CloudEvent 1.0 of type \`dev.bulkhead.run.STATUS.v1\`. JSON Schema: \`bulkhead schema reply\`. Its \`id\` is the
digest of application, source and request id, the attempt, and the message: a redelivery keeps it.`,
      ['Event', fieldTable(schema('reply.v1.json'))],
    ),
    'connectors.md': connectorsPage(connectors),
    'types.md': typesPage(connectors),
    'test-servers.md': serversPage(),
  }
}

const moments: Readonly<Record<string, string>> = {
  true: 'reads one moment',
  false: 'reads what is there',
  sql: 'reads one moment by SQL, else what is there',
  object: 'reads one moment by object queries, else what is there',
}

function page(
  title: string,
  lead: string,
  ...sections: readonly (readonly [title: string, text: string])[]
): string {
  const parts = sections.map(([heading, text]) => `## ${heading}\n${text}`)
  return `${generatedNote}\n# ${title}\n\n${lead}\n\n${parts.join('\n\n')}\n`
}

function dataOf(schema: JsonSchema): JsonSchema {
  return (schema['$defs'] as { readonly data: JsonSchema }).data
}

const kindMeanings: Readonly<Record<ErrorKind, string>> = {
  config: 'Something that a person wrote cannot work. The run fails; `path` says where, `fix` what to do.',
  policy: 'The application may not do this. The run fails.',
  auth: 'A system refused the credentials. The run fails.',
  environment: 'This machine lacks something. The run fails; the same request may succeed elsewhere.',
  transient: 'A system did not answer as it should. It is tried again, with growing pauses.',
  throttled: 'A system asked for patience. It is tried again when it said so.',
  record: 'Rows are unacceptable. They fail the run, or are left out where the job says so.',
  cancelled: 'Somebody stopped the run.',
  quota: 'Refused for now.',
  bug: 'A fault in Bulkhead.',
}

function errorsPage(connectors: readonly DescribedConnector[]): string {
  const kinds = table(
    ['Kind', 'Meaning', 'Exit code', 'HTTP', 'Retryable'],
    errorKinds.map((kind) => [
      kind,
      kindMeanings[kind],
      String(exitCodes[kind]),
      String(httpStatuses[kind]),
      kind === 'transient' || kind === 'throttled' || kind === 'quota' ? 'yes' : 'no',
    ]),
  )
  const platform = Object.entries(errorRegistry).map(([code, registered]) => errorText(code, registered))
  const own = connectors
    .filter(({ manifest }) => manifest.errors.length > 0)
    .map(({ manifest }): readonly [string, string] => [
      `Codes of the connector ${manifest.name}`,
      manifest.errors.map((error) => errorText(error.code, error)).join('\n\n'),
    ])
  return page(
    'Errors',
    'Every error has a kind, which says what happens, a stable code, a message, and where it helps a `path` and a `fix`. 0 is success, 128 + n a signal n.',
    ['Kinds', kinds],
    ['Codes of the platform', platform.join('\n\n')],
    ...own,
  )
}

function errorText(
  code: string,
  { kind, meaning, fix, ofConnection }: Pick<ConnectorError, 'kind' | 'meaning' | 'fix' | 'ofConnection'>,
): string {
  const counted = ofConnection === true ? ', counted by breakers' : ''
  return `### ${code}\n${sentence(meaning)} (${kind}${counted})  \n${sentence(fix)}`
}

function connectorsPage(connectors: readonly DescribedConnector[]): string {
  return page(
    'Connectors',
    'What each connector says about itself in its `connector.json`; `bulkhead connectors show NAME` prints the same.',
    ...connectors.map(({ manifest, folder }): readonly [string, string] => {
      const { source, store } = manifest
      const capabilities = [
        ...(source === undefined
          ? []
          : [
              [
                'source',
                `yields ${source.forms.join(', ')}; writes ${Object.keys(source.encodes).join(', ') || 'no format'} itself; ${moments[String(source.snapshot)]}; ${source.readOnly === 'enforced' ? 'read-only is enforced' : 'read-only by rights'}`,
              ],
            ]),
        ...(store === undefined
          ? []
          : [
              [
                'store',
                `${store.parallelParts ? 'parts in parallel' : 'one part at a time'}; links by ${store.links === 'own' ? 'the store itself' : 'the file server'}`,
              ],
            ]),
      ]
      return [
        manifest.name,
        [
          `${sentence(manifest.summary)} Version ${manifest.version}, [${folder}](../../${folder}).`,
          table(['Role', 'Can'], capabilities),
          `Settings:\n\n${fieldTable(manifest.config)}`,
          queryText(manifest.query),
        ].join('\n\n'),
      ]
    }),
  )
}

function queryText(query: JsonSchema): string {
  const description = typeof query['description'] === 'string' ? query['description'] : ''
  const fields = fieldTable(query)
  return [`Query: ${sentence(description)}`, ...(fields.split('\n').length > 2 ? [fields] : [])].join('\n\n')
}

function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`
}
