import { z } from '@bulkhead/connector-sdk'

/** Where one of the platform's own secrets is found: a variable of the server, or a file. */
export const secretText = z.union([
  z.strictObject({ env: z.string().max(200).meta({ description: 'Environment variable of the server' }) }),
  z.strictObject({ file: z.string().max(1000).meta({ description: 'File whose content it is' }) }),
])

/** Below it each application has its own: so that it leads nowhere else, it holds no dots alone. */
const secretPath = z
  .string()
  .max(400)
  .regex(/^(?!\.{1,2}(\/|$))[\w.-]+(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/, 'must be names joined by slashes')

/**
 * Where secrets of applications are. The same words tell a runner, but for the token: it gets one of its own
 * application (I7).
 */
export const secretProviderSchema = z.union([
  z.strictObject({
    environment: z.strictObject({}).meta({
      description:
        'Variables BULKHEAD_SECRET__APPLICATION__NAME of the server, then files below BULKHEAD_SECRETS_DIR',
    }),
  }),
  z.strictObject({
    folder: z
      .strictObject({
        path: z.string().max(1000).meta({ description: 'PATH/<application>/<name>' }),
      })
      .meta({ description: 'Files, such as mounted Kubernetes secrets' }),
  }),
  z.strictObject({
    vault: z
      .strictObject({
        address: z.url().meta({ description: 'Base of the HTTP API' }),
        mount: secretPath.default('secret').meta({ description: 'Mount of the KV engine, version 2' }),
        prefix: secretPath.default('bulkhead').meta({ description: 'PREFIX/<application>/<name>' }),
        field: z.string().max(200).default('value').meta({ description: 'Field that holds the secret' }),
        token: secretText.meta({ description: 'Token of the platform' }),
        tokenRole: z
          .string()
          .max(200)
          .regex(/^[\w-]+$/)
          .default('bulkhead')
          .meta({
            description:
              'Token role by which the server makes the tokens of runners; it must allow their policies',
          }),
        policy: z.string().max(200).default('bulkhead-{application}').meta({
          description: "Policy of the token that an application's runners get",
        }),
        namespace: z.string().max(200).optional().meta({ description: 'Namespace' }),
      })
      .meta({ description: 'HashiCorp Vault or OpenBao, KV version 2' }),
  }),
  z.strictObject({
    awsSecretsManager: z
      .strictObject({
        region: z
          .string()
          .regex(/^[a-z0-9-]{1,60}$/, 'must be the name of a region')
          .meta({ description: 'Region' }),
        prefix: secretPath.default('bulkhead').meta({ description: 'PREFIX/<application>/<name>' }),
        endpoint: z.url().optional().meta({ description: 'Another endpoint than that of the region' }),
      })
      .meta({ description: 'AWS Secrets Manager' }),
  }),
])
export type SecretProviderSettings = z.output<typeof secretProviderSchema>
