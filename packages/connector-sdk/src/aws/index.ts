/**
 * For connectors to systems that AWS guards: whose identity counts, requests that are signed by it, and the
 * tokens with which RDS and Aurora let it in.
 *
 * The signer and the search for an identity are those of the AWS SDK. They are development dependencies of this
 * package, so that its bundle carries them in files of their own: a connector installs nothing for them, all
 * connectors of a process share one copy, and only a connection that signs loads it. As dependencies of each
 * connector they would be tens of packages in every installation, and as an optional peer dependency the author
 * of a connector, or worse its user, would have to think of them.
 */
export * from './credentials.ts'
export * from './identity.ts'
export * from './rds-iam.ts'
export * from './rds-password.ts'
export * from './rds-token.ts'
export * from './read-s3-object.ts'
export * from './sign-request.ts'
