import { fault } from './errors.ts'
import type { Path } from './path.ts'

/** Deeper than any honest request, and shallow enough for every recursive reader of it. */
const deepest = 64

/** An object or list that the scan is in. */
interface Open {
  /** Undefined: a list. */
  readonly keys: Set<string> | undefined
  /** Of the field that is looked at; in a list the number of the item. */
  key: string | number
}

const quote = 0x22
const backslash = 0x5c

/**
 * Looks once through the text of JSON, before anything recursive does, for what `JSON.parse` says nothing of: nesting
 * without end, and fields that stand twice, of which another reader may take the other one. Linear in the text. Of what is
 * no JSON nothing is said.
 *
 * @param onRepeated  told of each field that stood in its object before
 * @throws BulkheadError `request-unreadable`, and what `onRepeated` throws
 */
export function checkJsonShape(text: string, onRepeated: (path: Path) => void): void {
  const open: Open[] = []
  let inner: Open | undefined
  let isKey = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfText(text, at)
        if (isKey && inner?.keys !== undefined) {
          const key = keyOf(text, at, end)
          inner.key = key
          if (inner.keys.has(key)) onRepeated(open.map((one) => one.key))
          inner.keys.add(key)
          isKey = false
        }
        at = end
        break
      }
      case 0x7b: // {
      case 0x5b: // [
        if (open.length >= deepest)
          throw fault('request-unreadable', `The request nests deeper than ${deepest} levels`, {
            fix: 'Send a flatter request',
          })
        isKey = text.charCodeAt(at) === 0x7b
        inner = isKey ? { keys: new Set(), key: '' } : { keys: undefined, key: 0 }
        open.push(inner)
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        inner = open.at(-1)
        isKey = false
        break
      case 0x2c: // ,
        isKey = inner?.keys !== undefined
        if (typeof inner?.key === 'number') inner.key++
        break
      default:
    }
  }
}

/** @returns where the quote is that ends it, or the end of everything */
function endOfText(text: string, begin: number): number {
  for (let at = begin + 1; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === backslash) at++
    else if (char === quote) return at
  }
  return text.length
}

/** The same name can be spelt in several ways. */
function keyOf(text: string, begin: number, end: number): string {
  const raw = text.slice(begin + 1, end)
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw // whoever parses it says what is wrong
  }
}
