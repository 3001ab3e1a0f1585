/** A record as its format found it, before types. Valid until the next one. */
export interface RawRecord {
  /** Cell i is UTF-8 from `starts[i]` to `ends[i]`; a start of -1: there is no value. */
  readonly bytes: Buffer
  readonly starts: ArrayLike<number>
  readonly ends: ArrayLike<number>
  /** Whether a cell stood in quotes: then it is no null text. */
  readonly quoted?: ArrayLike<number>
  readonly cells: number
  /** Why the values of some cells may not be taken, by cell. */
  readonly faults?: ReadonlyMap<number, string>
}

/** The records of one file, in order. Reading is synchronous as long as the bytes are there: a promise a record is slow. */
export interface RecordFile {
  /** The columns that the file names by itself; undefined: it names none. */
  readonly header: readonly string[] | undefined
  /** @returns undefined when more must be read, or nothing is left */
  next(): RawRecord | undefined
  /** Reads on. @returns false at the end of the file */
  more(): Promise<boolean>
  /** Where the last record stands, or one cell of it, for errors: `line 5, byte 123`. */
  placeOf(cell?: number): string
  close(): Promise<void>
}
