import type { RecordFile } from './columns/raw-record.ts'
import { delimitedOptions } from './delimited/delimited-schema.ts'
import { openDelimited } from './delimited/delimited-file.ts'
import { failure } from './errors.ts'
import type { Document } from './input/documents.ts'
import type { Query } from './query.ts'
import { createDecoder } from './text/decoder.ts'
import type { Encoding } from './text/encodings.ts'
import { TextWindow } from './text/text-window.ts'

/** How the records of a query are read. */
export interface RecordFormat {
  /** Opens a file, and reads what it says of its columns. The signal ends reading, then and later. */
  open(document: Document, signal: AbortSignal): Promise<RecordFile>
}

/** @throws `file-records-query-invalid` for options that contradict each other */
export function recordFormat(query: Query, maxRecordBytes: number): RecordFormat {
  const { format } = query
  const declared = query.columns?.length
  switch (format.type) {
    case 'delimited': {
      const options = delimitedOptions(format)
      if (!options.header && declared === undefined) throw needsColumns('A file without a header')
      const columns = declared ?? 0
      return {
        open: (document, signal) =>
          openDelimited(textWindow(document, format, maxRecordBytes, signal), options, {
            file: document.name,
            columns,
          }),
      }
    }
  }
}

function textWindow(
  document: Document,
  { encoding, invalidBytes }: { readonly encoding: Encoding; readonly invalidBytes: 'error' | 'replace' },
  maxBytes: number,
  signal: AbortSignal,
): TextWindow {
  const file = document.name
  const decoder = createDecoder({ encoding, invalidBytes, file })
  return new TextWindow(document.read(signal), decoder, { file, maxBytes })
}

function needsColumns(what: string): Error {
  return failure('file-records-query-invalid', `${what} does not name its columns`, {
    path: 'query.columns',
    fix: 'List them under `columns`',
  })
}
