/**
 * JSON Pointers: places in a document, as `/data/items/0`. The empty one is the whole document.
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */

/** Names of fields and numbers of elements, from the outermost. */
export type Pointer = readonly string[]

/** @returns undefined when the text is no pointer: it must be empty or begin with `/`, and `~` is written `~0`, `/` in a name `~1` */
export function parsePointer(text: string): Pointer | undefined {
  if (text === '') return []
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function formatPointer(pointer: Pointer): string {
  return pointer.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** Whether one of the two lies within the other, or they are the same. */
export function overlap(a: Pointer, b: Pointer): boolean {
  return a.every((part, index) => index >= b.length || part === b[index])
}
