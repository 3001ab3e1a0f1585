import { z } from 'zod'

/**
 * The library of schemas, one for the platform and its connectors. By default it compiles a parser for
 * each schema at its first use, which costs a one-shot run tens of milliseconds and pays only after
 * hundreds of documents.
 */
z.config({ jitless: true })

export { z }
