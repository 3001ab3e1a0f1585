import { inflateRaw, zstdDecompress } from 'node:zlib'
import avro from 'avsc'

/** An Avro file as `avsc`, a reader of another make, finds it. Longs are big integers, decimals exact text. */
export interface AvroFile {
  readonly schema: AvroSchema
  readonly codec: string
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

export interface AvroSchema {
  readonly name: string
  readonly fields: readonly {
    readonly name: string
    readonly type: unknown
    readonly default?: null
    readonly originalName?: string
  }[]
}

const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (one: bigint, other: bigint) => (one < other ? -1 : one > other ? 1 : 0),
})

class DecimalType extends avro.types.LogicalType {
  readonly #scale: number

  constructor(schema: avro.Schema, options?: object) {
    super(schema, options)
    this.#scale = (schema as { readonly scale?: number }).scale ?? 0
  }

  override _fromValue(bytes: Buffer): string {
    const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`))
    const digits = String(value < 0n ? -value : value).padStart(this.#scale + 1, '0')
    const split = digits.length - this.#scale
    return `${value < 0n ? '-' : ''}${digits.slice(0, split)}${this.#scale === 0 ? '' : `.${digits.slice(split)}`}`
  }

  override _toValue(): never {
    throw new Error('Only read')
  }
}

function isLong(schema: unknown): boolean {
  return schema === 'long' || (schema as { readonly type?: unknown } | null)?.type === 'long'
}

export async function readAvro(bytes: Buffer): Promise<AvroFile> {
  const decoder = new avro.streams.BlockDecoder({
    codecs: {
      null: (data: Buffer, done: (error: null, data: Buffer) => void) => done(null, data),
      deflate: inflateRaw,
      zstandard: zstdDecompress,
    },
    parseHook: (schema: avro.Schema) =>
      avro.Type.forSchema(schema, {
        logicalTypes: { decimal: DecimalType },
        // Timestamps too: how many, and not a date that cannot keep them.
        typeHook: (part) => (isLong(part) ? long : undefined),
      }),
  } as unknown as ConstructorParameters<typeof avro.streams.BlockDecoder>[0])
  let header: { readonly meta: Readonly<Record<string, Buffer>> } | undefined
  decoder.on('metadata', (_type: unknown, _codec: string, found: typeof header) => (header = found))
  const rows: Readonly<Record<string, unknown>>[] = []
  decoder.end(bytes)
  for await (const row of decoder) rows.push({ ...(row as object) })
  const { meta = {} } = header ?? {}
  return {
    schema: JSON.parse(meta['avro.schema']?.toString() ?? '') as AvroSchema,
    codec: meta['avro.codec']?.toString() ?? '',
    rows,
  }
}
