/**
 * EBCDIC code pages of IBM, which iconv-lite lacks: the characters of the bytes 0 to 255. Both line ends of
 * mainframes, NEL (0x15) and LF (0x25), read as LF. Source: IBM CDRA, code pages 37, 273, 500 and 1140.
 */
const cp037 =
  '\u0000\u0001\u0002\u0003\u009c\u0009\u0086\u007f\u0097\u008d\u008e\u000b\u000c\u000d\u000e\u000f\u0010\u0011\u0012\u0013\u009d\n\u0008\u0087\u0018\u0019\u0092\u008f\u001c\u001d\u001e\u001f' +
  '\u0080\u0081\u0082\u0083\u0084\n\u0017\u001b\u0088\u0089\u008a\u008b\u008c\u0005\u0006\u0007\u0090\u0091\u0016\u0093\u0094\u0095\u0096\u0004\u0098\u0099\u009a\u009b\u0014\u0015\u009e\u001a' +
  ' \u00a0âäàáãåçñ¢.<(+|&éêëèíîïìß!$*);¬' +
  '-/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ`:#@\'="' +
  'Øabcdefghi«»ðýþ±°jklmnopqrªºæ¸Æ¤' +
  'µ~stuvwxyz¡¿ÐÝÞ®^£¥·©§¶¼½¾[]¯¨´×' +
  '{ABCDEFGHI\u00adôöòóõ}JKLMNOPQR¹ûüùúÿ' +
  '\\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u009f'

/** Bytes in which a code page differs from cp037, and their characters there. */
const others: Readonly<Record<string, readonly [bytes: readonly number[], characters: string]>> = {
  cp273: [
    [67, 74, 79, 89, 90, 95, 99, 106, 124, 161, 176, 181, 186, 187, 188, 192, 204, 208, 220, 224, 236, 252],
    '{Ä!~Ü^[ö§ß¢@¬|‾ä¦ü}Ö\\]',
  ],
  cp500: [[74, 79, 90, 95, 176, 186, 187], '[!]^¢¬|'],
  cp1140: [[159], '€'],
}

/** Characters of the bytes 0 to 255; undefined for what is no such code page. */
export function ebcdicTable(encoding: string): string | undefined {
  if (encoding === 'cp037') return cp037
  const changes = others[encoding]
  if (changes === undefined) return undefined
  const table = Array.from(cp037)
  const [bytes, characters] = changes
  for (const [index, byte] of bytes.entries()) table[byte] = characters[index] ?? ''
  return table.join('')
}
