/** Encodings of one byte a character that iconv-lite knows. Those of several bytes are not read yet. */
const singleByte = [
  'us-ascii',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'iso-8859-1',
  'iso-8859-2',
  'iso-8859-3',
  'iso-8859-4',
  'iso-8859-5',
  'iso-8859-6',
  'iso-8859-7',
  'iso-8859-8',
  'iso-8859-9',
  'iso-8859-10',
  'iso-8859-13',
  'iso-8859-14',
  'iso-8859-15',
  'iso-8859-16',
  'koi8-r',
  'koi8-u',
  'macintosh',
  'cp437',
  'cp850',
  'cp852',
  'cp855',
  'cp857',
  'cp858',
  'cp866',
] as const

/** Encodings of mainframes, by their numbers at IBM. */
const ebcdic = ['cp037', 'cp273', 'cp500', 'cp1140'] as const

export const encodings = ['utf-8', 'utf-16', 'utf-16le', 'utf-16be', ...singleByte, ...ebcdic] as const
export type Encoding = (typeof encodings)[number]

/** Stands for what a file of XML says itself. */
export const declaredEncoding = 'declared'

const byOtherName: Readonly<Record<string, Encoding>> = {
  utf8: 'utf-8',
  ascii: 'us-ascii',
  latin1: 'iso-8859-1',
  'latin-1': 'iso-8859-1',
  cp1252: 'windows-1252',
}

/** An encoding by a name that people and files give it. */
export function encodingByName(name: string): Encoding | undefined {
  const lower = name.toLowerCase()
  return encodings.find((encoding) => encoding === lower) ?? byOtherName[lower]
}
