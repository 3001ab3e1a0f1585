import { checkFileName } from './object-key.ts'

/** Five digits sort as text up to 99,999 files. */
const DIGITS = 5

/**
 * Name of one file of a split result: `invoices.csv.gz` becomes `invoices-00001.csv.gz`.
 * @param number  from 1
 * @param path    where the name stands, for the error
 * @throws BulkheadError `file-name-invalid` when the longer name is too long
 */
export function splitFileName(fileName: string, number: number, path?: string): string {
  const { stem, ending } = cut(fileName)
  return checkFileName(`${stem}-${String(number).padStart(DIGITS, '0')}${ending}`, path)
}

/**
 * Name of the object that lists the files of a split result: `invoices.manifest.json`.
 * @throws BulkheadError `file-name-invalid` when the longer name is too long
 */
export function manifestFileName(fileName: string, path?: string): string {
  return checkFileName(`${cut(fileName).stem}.manifest.json`, path)
}

/** The endings of encryption and compression, and the one before them; `v1.2` alone is no ending. */
function cut(fileName: string): { readonly stem: string; readonly ending: string } {
  const packed = /(\.(gz|zst))?(\.age)?$/i.exec(fileName)?.index ?? fileName.length
  const format = /\.[A-Za-z][A-Za-z0-9]{0,9}$/.exec(fileName.slice(0, packed))?.index ?? packed
  // a name that is nothing but endings keeps them
  const at = format === 0 ? fileName.length : format
  return { stem: fileName.slice(0, at), ending: fileName.slice(at) }
}
