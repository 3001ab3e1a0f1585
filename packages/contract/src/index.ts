/**
 * The vocabulary of the platform, defined once: types, JSON Schemas and documents come from here.
 * It runs in a browser too, so it knows nothing of Node.
 */
export * from './application.ts'
export * from './connection.ts'
export * from './errors.ts'
export * from './event.ts'
export * from './fields.ts'
export * from './issues.ts'
export * from './job.ts'
export * from './later-features.ts'
export * from './names.ts'
export * from './output.ts'
export * from './path.ts'
export * from './pattern.ts'
export * from './policy.ts'
export * from './quantities.ts'
export * from './reply-destination.ts'
export * from './reply.ts'
export * from './request.ts'
export * from './suggest.ts'
