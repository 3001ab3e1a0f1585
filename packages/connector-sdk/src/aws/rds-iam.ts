import { z } from '../schema.ts'
import { type AwsIdentity, identityFields, identityProblem, type IdentityProblem } from './identity.ts'

/** The settings of a login to RDS or Aurora by a token of IAM. */
export interface RdsIam extends AwsIdentity {
  readonly region: string
  readonly endpoint?: string | undefined
}

/** Fields of settings that connectors share. Check them by `rdsIamProblem`. */
export function rdsIamFields({
  permission,
  endpoint,
}: {
  readonly permission: `BULKHEAD_${string}_MACHINE_IDENTITY`
  /** An endpoint for example. */
  readonly endpoint: string
}): {
  region: z.ZodString
  endpoint: z.ZodOptional<z.ZodString>
} & ReturnType<typeof identityFields> {
  return {
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .meta({ title: 'Region', description: 'Region of the database', examples: ['eu-central-1'] }),
    endpoint: z
      .string()
      .max(260)
      .regex(/^[a-z0-9.-]{1,253}:\d{1,5}$/, `must be a name and a port such as ${endpoint}`)
      .optional()
      .meta({
        title: 'Endpoint',
        description:
          'Name and port of the database as AWS knows it, for which the token is made; default: `tls.serverName` or `host`, and `port`. Needed for a name of your own, or a tunnel with another port',
      }),
    ...identityFields({ right: 'rds-db:connect', permission }),
  }
}

/** What is wrong with the settings of a login by IAM; the connector makes an error of its own of it. */
export interface RdsIamProblem {
  readonly problem: IdentityProblem['problem'] | 'password-too' | 'server-not-verified'
  /** The setting to correct, such as `tls.mode`. */
  readonly name: string
  readonly message: string
  readonly fix: string | undefined
}

/**
 * That a token may be made, and that it can reach nobody but the server: with it anyone could log in.
 * @param allowed  the value of the permission in the environment
 */
export function rdsIamProblem(
  iam: RdsIam,
  {
    password,
    tlsMode,
  }: {
    readonly password: string | undefined
    /** The mode that holds, `auto` decided. */
    readonly tlsMode: string
  },
  allowed: string | undefined,
): RdsIamProblem | undefined {
  if (password !== undefined)
    return {
      problem: 'password-too',
      name: 'password',
      message: 'A password has no meaning with `iam`',
      fix: 'Leave one of them out',
    }
  if (tlsMode !== 'verify-full')
    return {
      problem: 'server-not-verified',
      name: 'tls.mode',
      message: `A token of IAM needs tls.mode verify-full, and it is ${tlsMode}`,
      fix: 'Set `tls.mode: verify-full`, `tls.ca` to the certificates of RDS in this region, and `tls.serverName` behind a tunnel',
    }
  const wrong = identityProblem(iam, allowed)
  if (wrong === undefined) return undefined
  const message = wrong.problem === 'key-missing' ? `iam.${wrong.message}` : wrong.message
  return { ...wrong, name: `iam.${wrong.name}`, message }
}
