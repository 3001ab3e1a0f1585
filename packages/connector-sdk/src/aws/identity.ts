import { z } from '../schema.ts'

/** Whose rights count, and its keys when they are given. */
export interface AwsIdentity {
  readonly identity: 'keys' | 'machine'
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly sessionToken?: string | undefined
}

/** Text that becomes part of a header, or of what is signed. */
const keyText = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    // oxlint-disable-next-line no-control-regex -- none of them can stand in a header
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters')

/** Fields of settings that connectors share. Check them by `identityProblem`. */
export function identityFields({
  right,
  permission,
}: {
  /** What the identity must be allowed, such as `rds-db:connect`, where it is one thing. */
  readonly right?: string
  /** The variable by which whoever runs the machine allows `identity: machine`. */
  readonly permission: `BULKHEAD_${string}_MACHINE_IDENTITY`
}): {
  identity: z.ZodDefault<z.ZodEnum<{ keys: 'keys'; machine: 'machine' }>>
  accessKeyId: z.ZodOptional<z.ZodString>
  secretAccessKey: z.ZodOptional<z.ZodString>
  sessionToken: z.ZodOptional<z.ZodString>
} {
  return {
    identity: z
      .enum(['keys', 'machine'])
      .default('keys')
      .meta({
        title: 'Identity',
        description: `${right === undefined ? 'Whose rights count' : `Whose right ${right} counts`}. \`keys\`: accessKeyId and secretAccessKey, nothing else is looked for. \`machine\`: the role of the machine, pod or user that runs this, found as the AWS SDK does; refused unless whoever runs the machine set ${permission}=allow, because an application would borrow rights that are not its own`,
      }),
    accessKeyId: keyText(256)
      .optional()
      .meta({ title: 'Access key', description: 'Public half of the key; needed with `identity: keys`' }),
    secretAccessKey: keyText(1024).optional().meta({
      title: 'Secret key',
      description: 'Secret half of the key; needed with `identity: keys`',
      secret: true,
    }),
    sessionToken: keyText(16_384).optional().meta({
      title: 'Session token',
      description: 'Comes with keys that were given for a time (STS)',
      secret: true,
    }),
  }
}

/** What is wrong with an identity; the connector makes an error of its own of it. */
export interface IdentityProblem {
  readonly problem: 'key-missing' | 'key-without-meaning' | 'machine-refused'
  /** The setting to correct, by its name. */
  readonly name: keyof AwsIdentity
  readonly message: string
  /** Undefined: what the connector says of its permission. */
  readonly fix: string | undefined
}

/**
 * Left alone the AWS SDK searches whenever there are no keys, and would find the platform's identity. So it takes
 * two to borrow it: the application asks, and the operator allows (I6).
 *
 * @param allowed  the value of the permission in the environment, which no manifest can set or read
 */
export function identityProblem(
  settings: AwsIdentity,
  allowed: string | undefined,
): IdentityProblem | undefined {
  if (settings.identity === 'keys') {
    const name = (['accessKeyId', 'secretAccessKey'] as const).find((key) => settings[key] === undefined)
    if (name === undefined) return undefined
    return {
      problem: 'key-missing',
      name,
      message: `${name} is missing`,
      fix: 'Set accessKeyId and secretAccessKey; the identity of the machine is not taken by itself',
    }
  }
  if (allowed !== 'allow')
    return {
      problem: 'machine-refused',
      name: 'identity',
      message: 'The settings ask for the identity of this machine, which is not allowed here',
      fix: undefined,
    }
  const keys = ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const
  const name = keys.find((key) => settings[key] !== undefined)
  if (name === undefined) return undefined
  return {
    problem: 'key-without-meaning',
    name,
    message: `${name} has no meaning with identity machine`,
    fix: `Leave out either ${name} or identity`,
  }
}
