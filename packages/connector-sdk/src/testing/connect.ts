import type { TestContext } from './test-context.ts'
import type { Subject } from './subject.ts'

/** Connects in each role; the first failure counts. @returns what each answers to a check */
export async function connect(
  { connector }: Subject<unknown>,
  context: TestContext<unknown>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answers: string[] = []
  for (const role of [connector.source, connector.store]) {
    if (role === undefined) continue
    await using opened = await role.open(context)
    answers.push(await opened.check(signal))
  }
  return answers
}
