import type { types } from 'cassandra-driver'
import { cassandraError } from '../errors.ts'
import { type ResultColumns, sameColumns } from '../value/column-plan.ts'

/** Asks for a page; `state` says where the one before ended. */
export type AskPage = (state: string | undefined) => Promise<types.ResultSet>

/**
 * The pages of one statement, one after the other. The next one is asked for when a page is taken, so that
 * the cluster works while the page is used, and nothing is read ahead beyond it (I8).
 */
export class PagedRead {
  readonly #ask: AskPage
  readonly #columns: ResultColumns
  #next: Promise<types.ResultSet> | undefined

  /** @param first  the first page, when there is one already; else it is asked for at once */
  constructor(ask: AskPage, columns: ResultColumns, first?: types.ResultSet) {
    this.#ask = ask
    this.#columns = columns
    this.#await(first === undefined ? ask(undefined) : Promise.resolve(first))
  }

  /** The rows of the next page, none perhaps; undefined at the end. */
  async take(): Promise<readonly types.Row[] | undefined> {
    if (this.#next === undefined) return undefined
    const page = await this.#next
    // A page may be empty and not the last: after deleted rows, or rows that were filtered out.
    const { pageState } = page
    this.#next = undefined
    if (pageState !== null && pageState !== undefined) this.#await(this.#ask(pageState))
    if (!sameColumns(page.columns, this.#columns))
      throw cassandraError('cassandra-schema-changed', 'The columns of the result changed while it was read')
    return page.rows
  }

  #await(page: Promise<types.ResultSet>): void {
    // Whoever stops taking does not want to know how it ended.
    page.catch(() => undefined)
    this.#next = page
  }
}
