import type { Field, LogicalType } from '@bulkhead/connector-sdk'
import type { ColumnName, Format, TopicRead } from '../query/topic-query.ts'
import type { ColumnReader } from '../read/columns-batches.ts'
import { headersText } from './headers-text.ts'
import { checkJson, type Place, textOf } from './text-value.ts'

/** Avro in the form of a schema registry, as JSON text. */
export type ReadAvro = (bytes: Buffer, place: Place) => Promise<string>

/** A column of a result, and how its values are read. */
export interface TopicColumn {
  readonly field: Field
  readonly reader: ColumnReader
}

/** The columns of a query. */
export function columnsOf(read: TopicRead, readAvro: ReadAvro): readonly TopicColumn[] {
  const isRecord = read.columns.length === 1
  return read.columns.map((name) => columnOf(name, read, readAvro, isRecord))
}

function columnOf(name: ColumnName, read: TopicRead, readAvro: ReadAvro, isRecord: boolean): TopicColumn {
  const field = (type: LogicalType, nullable: boolean, sourceType: string): Field => ({
    name,
    type,
    nullable,
    sourceType,
  })
  switch (name) {
    case 'partition':
      return {
        field: field({ kind: 'integer', bits: 32 }, false, 'partition'),
        reader: { kind: 'int32', valueOf: ({ partition }) => partition },
      }
    case 'offset':
      return {
        field: field({ kind: 'integer', bits: 64 }, false, 'offset'),
        reader: { kind: 'int64', valueOf: ({ offset }) => offset },
      }
    case 'timestamp':
      return {
        field: field({ kind: 'timestamp', zoned: true }, true, 'timestamp'),
        reader: {
          kind: 'int64',
          // Kafka has milliseconds of 63 bits; what does not fit is a mistake of a producer, and no moment.
          valueOf: ({ timestampMs }) =>
            timestampMs === undefined || timestampMs > mostMs ? null : timestampMs * 1000n,
        },
      }
    case 'headers':
      return {
        field: field({ kind: 'json' }, false, 'headers'),
        reader: { kind: 'bytes', valueOf: (record) => encoder.encode(headersText(record, read.headers)) },
      }
    case 'key':
    case 'value': {
      const format = read[name]
      const plain = field(typeOf(format), true, format)
      const isWhole = isRecord && name === 'value' && plain.type.kind === 'json'
      return {
        field: isWhole ? { ...plain, isRecord: true } : plain,
        reader: {
          kind: 'bytes',
          valueOf(record) {
            const bytes = record[name]
            return bytes === null ? null : bytesOf(bytes, format, { ...record, part: name }, readAvro)
          },
        },
      }
    }
  }
  return name satisfies never
}

const mostMs = 9_223_372_036_854_775n
const encoder = new TextEncoder()

function typeOf(format: Format): LogicalType {
  switch (format) {
    case 'json':
    case 'avro':
      return { kind: 'json' }
    case 'text':
      return { kind: 'text' }
    case 'binary':
      return { kind: 'binary' }
  }
  return format satisfies never
}

function bytesOf(
  bytes: Buffer,
  format: Format,
  place: Place,
  readAvro: ReadAvro,
): Uint8Array | Promise<Uint8Array> {
  switch (format) {
    case 'json':
      checkJson(bytes, place)
      return bytes
    case 'text':
      textOf(bytes, place)
      return bytes
    case 'binary':
      return bytes
    case 'avro':
      return readAvro(bytes, place).then((text) => encoder.encode(text))
  }
  return format satisfies never
}
