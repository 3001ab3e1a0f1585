import {
  apiVersion,
  applicationSchema,
  bareSchema,
  environmentSchema,
  type JsonSchema,
  platformSchema,
  replyDocument,
  requestDocument,
  titledSchema,
} from '@bulkhead/contract'

/** The published JSON Schemas, by file name. They are part of the contract: what is in version 1 stays. */
export function publishedSchemas(): Readonly<Record<string, JsonSchema>> {
  const version = apiVersion.split('/')[1] ?? ''
  return {
    'request.v1.json': requestDocument(),
    'reply.v1.json': replyDocument(),
    [`application.${version}.json`]: titledSchema(
      `application:${version}`,
      'application.yaml',
      'An application: what it reads, what it can have run, what it may do',
      bareSchema(applicationSchema),
    ),
    [`environment.${version}.json`]: titledSchema(
      `environment:${version}`,
      'environments/NAME.yaml',
      'What is different about an application in one place',
      bareSchema(environmentSchema),
    ),
    [`platform.${version}.json`]: titledSchema(
      `platform:${version}`,
      'platform.yaml',
      'What a server is told by those who run it',
      bareSchema(platformSchema),
    ),
  }
}
