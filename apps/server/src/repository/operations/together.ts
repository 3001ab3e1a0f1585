/**
 * Waits for statements of one transaction that do not need each other's answers: PostgreSQL gets them in one journey,
 * in their order. When one fails the others are over, too, before whoever asked is told: nothing runs on behind the end
 * of the transaction.
 *
 * @throws what the first of them failed with, in their order: those behind it failed because of it
 */
export async function together(...statements: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(statements)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
