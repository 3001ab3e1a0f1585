/**
 * For connectors that read folders of this machine. Apart from the main face of the SDK, which must not
 * need Node.
 */
export * from './files-of-paths.ts'
export * from './find-files.ts'
export * from './paths-matching.ts'
