import type { ApplicationManifest } from './application.ts'
import type { Job, ParameterDeclaration } from './job.ts'
import { requestType } from './envelope.ts'
import type { ReplyDestination } from './reply-destination.ts'
import type { Trigger } from './trigger.ts'

/**
 * What an application offers, as a page in Markdown for the people who ask it: how to ask, what each job takes, where
 * answers come. Nothing of its connections is told but their names.
 */
export function applicationPage({ metadata, spec }: ApplicationManifest): string {
  const { owner, description, jobs, triggers, replies, policy } = spec
  const { limits } = policy
  return [
    `# ${text(metadata.name)}`,
    ...(description === undefined ? [] : [text(description)]),
    `Owner: ${text(owner)}`,
    '## How to ask',
    list([
      `HTTP: \`POST /api/v1/applications/${metadata.name}/jobs/JOB/runs\`, answered at once with where to look`,
      ...Object.entries(triggers).map(([name, trigger]) => triggerText(name, trigger)),
    ]),
    '## Where answers come',
    list([
      'HTTP: `GET /api/v1/runs/RUN`, with fresh links',
      ...Object.entries(replies).map(([name, reply]) => replyText(name, reply)),
    ]),
    '## Jobs',
    ...Object.entries(jobs).flatMap(([name, job]) => jobSection(metadata.name, name, job)),
    ...adHocSection(policy.adHoc),
    '## Limits',
    list([
      ...(limits.rows === undefined ? [] : [`${limits.rows} rows of one result`]),
      ...(limits.bytes === undefined ? [] : [`${limits.bytes} of one result, as stored`]),
      `${limits.time} for one run`,
      `${limits.concurrentRuns} runs at once on a server, ${limits.queued} that wait`,
      `links are valid for at most ${limits.urlExpiresIn}`,
    ]),
  ].join('\n\n')
}

function triggerText(name: string, trigger: Trigger): string {
  if ('kafka' in trigger)
    return `Topic \`${trigger.kafka.topic}\` of the cluster \`${trigger.kafka.cluster}\` (${name})`
  if ('folder' in trigger) return `A file \`*.json\` in the folder \`${trigger.folder.path}\` (${name})`
  const { schedule, timeZone } = trigger.cron
  return `By itself: job \`${trigger.job}\` at \`${schedule}\`, ${timeZone} (${name})`
}

function replyText(name: string, reply: ReplyDestination): string {
  const more = reply.messages.length === 0 ? '' : `, with ${reply.messages.join(' and ')} before the outcome`
  if ('kafka' in reply)
    return `Topic \`${reply.kafka.topic}\` of the cluster \`${reply.kafka.cluster}\`, the key is the request id (${name})${more}`
  if ('webhook' in reply) {
    const signed = reply.webhook.secret === undefined ? '' : ', signed (Standard Webhooks)'
    return `A webhook${signed} (${name})${more}`
  }
  return `A file in \`${reply.file.folder}\` (${name})${more}`
}

function jobSection(application: string, name: string, job: Job): readonly string[] {
  const { description, parameters, output, deliver, requestMay, reuse } = job
  const compression = output.compression === undefined ? '' : `, ${output.compression}`
  const named = output.fileName === undefined ? '' : `, named \`${output.fileName}\``
  const facts = [
    `Result: ${output.format ?? 'csv'}${compression}${named}`,
    `Link: valid for ${deliver.urlExpiresIn ?? 'PT24H'} unless the request asks otherwise`,
    ...(reuse === undefined
      ? []
      : [
          `Reuse: an identical request is answered with a result that is at most ${reuse.within} old, unless it has \`fresh: true\``,
        ]),
    `A request may set: ${requestMay.map((field) => `\`${field}\``).join(', ') || 'nothing else'}`,
  ]
  return [
    `### ${text(name)}`,
    ...(description === undefined ? [] : [text(description)]),
    ...parameterTable(parameters),
    list(facts),
    fence(exampleRequest(application, name, job)),
  ]
}

function parameterTable(parameters: Job['parameters']): readonly string[] {
  const entries = Object.entries(parameters)
  if (entries.length === 0) return ['No parameters.']
  const rows = entries.map(([name, declaration]) => {
    const { default: value, description = '' } = declaration
    const wanted = value === undefined ? 'required' : `\`${cell(JSON.stringify(value))}\``
    return `| \`${name}\` | ${typeText(declaration)} | ${wanted} | ${cell(text(description))} |`
  })
  return [['| parameter | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n')]
}

function typeText(declaration: ParameterDeclaration): string {
  const { type, list: isList, pattern, enum: values, minimum, maximum, nullable } = declaration
  const parts = [
    isList ? `list of ${type}` : type,
    ...(values === undefined
      ? []
      : [`one of ${values.map((value) => `\`${cell(String(value))}\``).join(', ')}`]),
    ...(pattern === undefined ? [] : [`as \`${cell(pattern)}\``]),
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(maximum === undefined ? [] : [`to ${maximum}`]),
    ...(nullable ? ['or null'] : []),
  ]
  return parts.join(', ')
}

function adHocSection({
  queries,
  connectors,
}: ApplicationManifest['spec']['policy']['adHoc']): readonly string[] {
  const allowed = [
    ...queries.map((connection) => `a query of its own on the connection \`${connection}\``),
    ...(connectors.length === 0
      ? []
      : [
          `everything of its own with ${connectors.map((name) => (name === '*' ? 'any connector' : `\`${name}\``)).join(', ')}`,
        ]),
  ]
  return allowed.length === 0 ? [] : ['## Requests of their own', 'A request may bring:', list(allowed)]
}

/** A request that a reader can copy: values that must be given stand as `<name>`. */
function exampleRequest(application: string, job: string, { parameters }: Job): string {
  const given = Object.entries(parameters).filter(([, { default: value }]) => value === undefined)
  const event = {
    specversion: '1.0',
    type: requestType,
    source: `/consumer/of/${application}`,
    id: '<request id>',
    datacontenttype: 'application/json',
    data: {
      job,
      ...(given.length > 0 && {
        parameters: Object.fromEntries(
          given.map(([name, declaration]) => [name, exampleValue(name, declaration)]),
        ),
      }),
    },
  }
  return JSON.stringify(event, undefined, 2)
}

function exampleValue(name: string, { enum: values, list: isList }: ParameterDeclaration): unknown {
  const value = values?.[0] ?? `<${name}>`
  return isList ? [value] : value
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

function fence(code: string): string {
  return `\`\`\`json\n${code}\n\`\`\``
}

/** Free text of a manifest in the flow of a page: it makes no heading, link or HTML of its own. */
function text(free: string): string {
  return free.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>#|]/g, String.raw`\$&`)
}

/** In a cell of a table. */
function cell(content: string): string {
  return content.replaceAll(/(?<!\\)\|/g, String.raw`\|`)
}
