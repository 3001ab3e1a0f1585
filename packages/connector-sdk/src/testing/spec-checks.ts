import assert from 'node:assert/strict'
import { z } from 'zod'
import { SDK_VERSION } from '../connector.ts'
import { errorKinds } from '../errors.ts'
import { logicalTypeNames } from '../system-type.ts'
import { connect } from './connect.ts'
import { expectFailure, withContext } from './expect.ts'
import type { Check, Subject } from './subject.ts'

/** Names of settings that hold a secret, whatever the connector. */
const secretNames = /password|passphrase|secret|token|private.?key|credential/i

type AnySubject = Subject<unknown>

/** Checks of the definition itself: what `connector.json` and the documentation are made of. */
export const specChecks: readonly Check<AnySubject>[] = [
  {
    title: 'is of this version of the contract, with a name and a summary',
    run({ connector }) {
      assert.equal(connector.sdk, SDK_VERSION)
      assert.match(connector.name, /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/)
      assert.ok(connector.summary.length > 0 && !connector.summary.includes('\n'))
      assert.ok(connector.source !== undefined || connector.store !== undefined, 'it has no role')
    },
  },
  {
    title: 'has settings and a query that are representable as JSON Schema, every field described',
    run({ connector }) {
      assertDescribed(schemaOf(connector.config), 'config')
      const query = schemaOf(connector.query)
      assert.ok(typeof query['description'] === 'string', 'the query has no description')
      assertDescribed(query, 'query')
    },
  },
  {
    title: 'marks its secrets',
    run({ connector }) {
      for (const { path, name, schema } of fieldsOf(schemaOf(connector.config), 'config')) {
        if (!secretNames.test(name)) continue
        assert.equal(
          schema['secret'],
          true,
          `${path} sounds like a secret and is not marked by .meta({ secret: true })`,
        )
      }
    },
  },
  {
    title: 'registers its errors under its own name, each with kind, meaning and fix',
    run({ connector }) {
      const codes = connector.errors.map((error) => error.code)
      assert.deepEqual(codes, [...new Set(codes)], 'a code is registered twice')
      for (const { code, kind, meaning, fix } of connector.errors) {
        assert.ok(code.startsWith(`${connector.name}-`), `${code} does not begin with ${connector.name}-`)
        assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)+$/)
        assert.ok((errorKinds as readonly string[]).includes(kind), `${code} has the unknown kind ${kind}`)
        assert.ok(meaning !== '' && fix !== '', `${code} lacks its meaning or fix`)
      }
    },
  },
  {
    title: 'says what each type of its system becomes, once for each logical type',
    run({ connector }) {
      const known: readonly string[] = [...logicalTypeNames, 'refused']
      const seen = new Set<string>()
      for (const { system, becomes, note } of connector.types ?? []) {
        assert.ok(known.includes(becomes), `${becomes} is no logical type`)
        assert.ok(system.length > 0 && !system.includes(''), `what becomes ${becomes} has no name`)
        assert.notEqual(note, '', `the note about ${system.join(', ')} is empty`)
        for (const name of system) {
          assert.ok(!seen.has(`${name} ${becomes}`), `${name} becomes ${becomes} twice`)
          seen.add(`${name} ${becomes}`)
        }
      }
    },
  },
  {
    title: 'refuses unknown settings, which are mostly typing errors',
    run(subject) {
      const config = { ...(subject.config as object), settingThatNobodyKnows: 1 }
      assert.equal(subject.connector.config.safeParse(config).success, false)
    },
  },
  {
    title: 'refuses wrong settings when it connects, saying what to do',
    async run(subject) {
      assert.ok(subject.wrongConfigs.length > 0, 'the test gives no wrong settings')
      for (const wrong of subject.wrongConfigs) {
        const parsed = subject.connector.config.safeParse(wrong.config)
        if (wrong.code === undefined) {
          assert.equal(parsed.success, false, `the schema takes settings with ${wrong.title}`)
          continue
        }
        assert.equal(parsed.success, true, `the schema refuses settings with ${wrong.title}`)
        const error = await expectFailure(subject, `connecting with ${wrong.title}`, () =>
          withContext(
            subject,
            async (context, signal) => void (await connect(subject, context, signal)),
            wrong.config,
          ),
        )
        assert.equal(
          error.code,
          wrong.code,
          `connecting with ${wrong.title} failed otherwise: ${error.message}`,
        )
      }
    },
  },
]

type JsonSchema = Readonly<Record<string, unknown>>

function schemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input' })
}

function assertDescribed(schema: JsonSchema, path: string): void {
  for (const field of fieldsOf(schema, path)) {
    assert.ok(
      typeof field.schema['description'] === 'string' && field.schema['description'] !== '',
      `${field.path} has no description`,
    )
  }
}

interface SchemaField {
  readonly path: string
  readonly name: string
  readonly schema: JsonSchema
}

/** Every named field, at any depth, through alternatives, lists and maps. */
function* fieldsOf(schema: unknown, path: string): Generator<SchemaField> {
  if (typeof schema !== 'object' || schema === null) return
  const node = schema as JsonSchema
  for (const [name, field] of Object.entries((node['properties'] ?? {}) as Record<string, JsonSchema>)) {
    yield { path: `${path}.${name}`, name, schema: field }
    yield* fieldsOf(field, `${path}.${name}`)
  }
  for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems']) {
    for (const part of (node[key] ?? []) as unknown[]) yield* fieldsOf(part, path)
  }
  for (const key of ['items', 'additionalProperties']) yield* fieldsOf(node[key], path)
  for (const part of Object.values((node['$defs'] ?? {}) as Record<string, unknown>))
    yield* fieldsOf(part, path)
}
