/**
 * How documents are parsed that are read once in a process: zod would compile a parser for each schema,
 * which costs a one-shot run several milliseconds and pays only after hundreds of documents.
 */
export const parseOnce = { jitless: true } as const
