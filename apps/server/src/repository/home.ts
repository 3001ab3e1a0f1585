import type { ArgsOf, OperationName, ResultOf } from './operations/operations.ts'
import type { Change } from './repository.ts'

/** Where operations are carried out: each call is one transaction, durable when it resolves. */
export interface Home extends AsyncDisposable {
  /** @throws BulkheadError `repository-unavailable` */
  call<Name extends OperationName>(name: Name, args: ArgsOf<Name>): Promise<ResultOf<Name>>
  /** @throws BulkheadError `repository-unavailable` */
  check(): Promise<string>
  /** Writes a whole copy to a file that is not there yet. */
  backup(path: string): Promise<void>
  onChange(listener: (change: Change) => void): () => void
}
