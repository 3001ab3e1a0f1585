/** What a byte may be in JSON, by its value: 1 where it may. @see https://www.rfc-editor.org/rfc/rfc8259 */

export const beginsValue = new Uint8Array(256)
for (const byte of '{["-0123456789tfn') beginsValue[byte.charCodeAt(0)] = 1
/** 1 for bytes that stand for themselves in a string. */
export const plain = new Uint8Array(256).fill(1, 0x20)
plain[0x22] = plain[0x5c] = 0
/** 1 for what may follow a backslash, `u` apart. */
export const escapable = new Uint8Array(256)
for (const letter of '"\\/bfnrt') escapable[letter.charCodeAt(0)] = 1
export const hex = new Uint8Array(256)
for (const digit of '0123456789abcdefABCDEF') hex[digit.charCodeAt(0)] = 1
