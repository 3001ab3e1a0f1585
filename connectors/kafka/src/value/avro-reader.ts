import { avroJson } from '../avro/avro-json.ts'
import type { AvroType } from '../avro/avro-type.ts'
import { kafkaError } from '../errors.ts'
import { fetchAvroType, type RegistrySettings } from '../registry/schema-registry.ts'
import { invalidValue, type Place } from './text-value.ts'

/** Schemas that are kept; a topic has few. */
const mostSchemas = 1000
/** A zero and the number of the schema, before the value. */
const prefixBytes = 5

/** Reads values in the form of a schema registry: a zero, the number of the schema in 4 bytes, the value in Avro. */
export function avroReader(
  registry: RegistrySettings | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): (bytes: Buffer, place: Place) => Promise<string> {
  const types = new Map<number, Promise<AvroType>>()

  function typeOf(id: number): Promise<AvroType> {
    if (registry === undefined)
      throw kafkaError('kafka-registry-settings', 'The connection has no schema registry', {
        path: 'config.registry',
      })
    const known = types.get(id)
    if (known !== undefined) return known
    if (types.size >= mostSchemas) types.clear()
    const fetched = fetchAvroType(registry, id, timeoutMs, signal)
    types.set(id, fetched)
    fetched.catch(() => types.delete(id))
    return fetched
  }

  return async (bytes, place) => {
    if (bytes.length < prefixBytes || bytes[0] !== 0)
      throw invalidValue(
        place,
        'not in the form of a schema registry, which begins with a zero and the number of a schema',
      )
    const type = await typeOf(bytes.readUInt32BE(1))
    try {
      return avroJson(type, bytes, prefixBytes)
    } catch {
      throw invalidValue(place, 'no Avro of its schema')
    }
  }
}
