import type { RecordFile } from './columns/raw-record.ts'
import { delimitedOptions } from './delimited/delimited-schema.ts'
import { openDelimited } from './delimited/delimited-file.ts'
import type { Settings } from './config.ts'
import { failure } from './errors.ts'
import { FixedWidthFile } from './fixed-width/fixed-width-file.ts'
import { fixedWidthOptions } from './fixed-width/fixed-width-schema.ts'
import type { Document } from './input/documents.ts'
import type { Query } from './query.ts'
import { createDecoder } from './text/decoder.ts'
import { declaredEncoding, type Encoding } from './text/encodings.ts'
import { TextWindow } from './text/text-window.ts'
import { openSheet } from './xlsx/sheet-file.ts'
import { openWorkbook } from './xlsx/workbook.ts'
import { findEncoding } from './xml/xml-encoding.ts'
import { XmlFile, type XmlOptions } from './xml/xml-file.ts'
import { xmlOptions } from './xml/xml-options.ts'

/** How the records of a query are read. */
export interface RecordFormat {
  /** Opens a file, and reads what it says of its columns. The signal ends reading, then and later. */
  open(document: Document, signal: AbortSignal): Promise<RecordFile>
}

/** @throws `file-records-query-invalid` for options that contradict each other */
export function recordFormat(query: Query, settings: Settings): RecordFormat {
  const { format } = query
  const { maxRecordBytes } = settings
  const declared = query.columns?.length
  assertFields(query)
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
    case 'fixed-width': {
      const options = fixedWidthOptions(format, query.columns)
      return {
        open: (document, signal) => {
          const window = textWindow(document, format, maxRecordBytes, signal)
          return Promise.resolve(new FixedWidthFile(window, options, document.name))
        },
      }
    }
    case 'xml': {
      const options = xmlOptions(query, format, maxRecordBytes)
      return { open: (document, signal) => openXml(document, format, options, signal) }
    }
    case 'xlsx': {
      if (!format.header && declared === undefined) throw needsColumns('A sheet without a header')
      const options = { ...format, maxRecordBytes }
      const columns = declared ?? 0
      return {
        async open(document, signal) {
          const workbook = await openWorkbook(document, format.sheet, settings, signal)
          return openSheet(workbook, options, { file: document.name, columns })
        },
      }
    }
  }
}

async function openXml(
  document: Document,
  format: Extract<Query['format'], { readonly type: 'xml' }>,
  options: XmlOptions,
  signal: AbortSignal,
): Promise<RecordFile> {
  const file = document.name
  const bytes = document.read(signal)
  try {
    const { encoding, begin } =
      format.encoding === declaredEncoding
        ? await findEncoding(bytes, file)
        : { encoding: format.encoding, begin: undefined }
    const decoder = createDecoder({ encoding, invalidBytes: format.invalidBytes, file })
    return new XmlFile({ begin, bytes }, decoder, options, file)
  } catch (error) {
    await bytes.return(undefined)
    throw error
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

/** Fields of columns mean something to some formats only: elsewhere they are a mistake. */
function assertFields({ format, columns = [] }: Query): void {
  const unused = format.type === 'fixed-width' ? (['from'] as const) : (['start', 'length'] as const)
  for (const [index, column] of columns.entries()) {
    const field = unused.find((name) => column[name] !== undefined)
    if (field === undefined) continue
    throw failure('file-records-query-invalid', `\`${field}\` of a column means nothing for ${format.type}`, {
      path: `query.columns.${index}.${field}`,
      fix: 'Leave it out',
    })
  }
}

function needsColumns(what: string): Error {
  return failure('file-records-query-invalid', `${what} does not name its columns`, {
    path: 'query.columns',
    fix: 'List them under `columns`',
  })
}
