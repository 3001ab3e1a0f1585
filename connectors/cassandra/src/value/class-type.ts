import type { CqlType, ScalarKind, UdtField } from './cql-type.ts'

/**
 * A type that is described by the name of its class, as vectors and durations are:
 * `org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 3)`.
 */
export function classType(text: string): CqlType {
  const reader = new ClassReader(text)
  const type = reader.type()
  return type === undefined || !reader.done ? { kind: 'custom', name: text } : type
}

const prefix = 'org.apache.cassandra.db.marshal.'

const scalars: Readonly<Record<string, ScalarKind>> = {
  AsciiType: 'ascii',
  BooleanType: 'boolean',
  ByteType: 'tinyint',
  BytesType: 'blob',
  CounterColumnType: 'counter',
  DecimalType: 'decimal',
  DoubleType: 'double',
  DurationType: 'duration',
  FloatType: 'float',
  InetAddressType: 'inet',
  Int32Type: 'int',
  IntegerType: 'varint',
  LongType: 'bigint',
  ShortType: 'smallint',
  SimpleDateType: 'date',
  TimeType: 'time',
  TimestampType: 'timestamp',
  TimeUUIDType: 'timeuuid',
  UTF8Type: 'text',
  UUIDType: 'uuid',
}

/** Reads `Name(argument, …)`; an argument is a type, a number, or `hexadecimal name:type`. */
class ClassReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    this.#space()
    return this.#at === this.#text.length
  }

  /** The type that begins here; undefined when it is none that is known. */
  type(): CqlType | undefined {
    const name = this.#word()
    if (name === undefined) return undefined
    const short = name.startsWith(prefix) ? name.slice(prefix.length) : name
    const scalar = Object.hasOwn(scalars, short) ? scalars[short] : undefined
    if (scalar !== undefined) return { kind: scalar }
    if (!this.#take('(')) return undefined
    const type = this.#withArguments(short)
    return this.#take(')') ? type : undefined
  }

  #withArguments(name: string): CqlType | undefined {
    switch (name) {
      case 'FrozenType':
      case 'ReversedType':
        return this.type()
      case 'ListType':
      case 'SetType': {
        const of = this.type()
        return of && { kind: name === 'ListType' ? 'list' : 'set', of }
      }
      case 'MapType': {
        const key = this.type()
        const value = this.#take(',') ? this.type() : undefined
        return key && value && { kind: 'map', key, value }
      }
      case 'TupleType': {
        const items = this.#list(() => this.type())
        return items && { kind: 'tuple', items }
      }
      case 'VectorType': {
        const of = this.type()
        const length = this.#take(',') ? Number(this.#word()) : Number.NaN
        return of && Number.isSafeInteger(length) ? { kind: 'vector', of, length } : undefined
      }
      case 'UserType': {
        // Keyspace and name come first.
        if (this.#word() === undefined || !this.#take(',')) return undefined
        const typeName = fromHex(this.#word() ?? '')
        const fields = this.#take(',') ? this.#list(() => this.#field()) : []
        return fields && { kind: 'udt', name: typeName, fields }
      }
      default:
        return undefined
    }
  }

  #field(): UdtField | undefined {
    const name = this.#word()
    if (name === undefined || !this.#take(':')) return undefined
    const type = this.type()
    return type && { name: fromHex(name), type }
  }

  #list<T>(one: () => T | undefined): T[] | undefined {
    const items: T[] = []
    do {
      const item = one()
      if (item === undefined) return undefined
      items.push(item)
    } while (this.#take(','))
    return items
  }

  #word(): string | undefined {
    this.#space()
    const pattern = /[\w.$]+/y
    pattern.lastIndex = this.#at
    const word = pattern.exec(this.#text)?.[0]
    this.#at += word?.length ?? 0
    return word
  }

  #take(char: string): boolean {
    this.#space()
    if (this.#text.charAt(this.#at) !== char) return false
    this.#at += 1
    return true
  }

  #space(): void {
    while (this.#text.charAt(this.#at) === ' ') this.#at += 1
  }
}

function fromHex(text: string): string {
  return Buffer.from(text, 'hex').toString()
}
