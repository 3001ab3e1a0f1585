import {
  defaultCsv,
  type CsvOptions,
  type Form,
  type OutputFormat,
  type SourceCapabilities,
} from '@bulkhead/connector-sdk'
import { listNames, type ProcessStep } from '@bulkhead/contract'

/** The form of batch in which a run moves its rows: the first that source and output can agree on. */
export interface ChosenForm {
  readonly form: Form
  /** Why this form and no better one, as what follows a colon. */
  readonly reason: string
}

export interface FormQuestion {
  /** Name of the connector, for the sentence. */
  readonly connector: string
  readonly source: SourceCapabilities
  readonly format: OutputFormat
  readonly csv: CsvOptions
  readonly split: { readonly rows: number | undefined } | undefined
  readonly process: readonly ProcessStep[]
}

/**
 * Bytes when nobody has to look at the rows and the source writes the format by itself; else columns;
 * else rows, which cost ten times as much.
 * @returns a reason alone when the source has no form from which the output can be made
 */
export function chooseForm(
  question: FormQuestion,
): ChosenForm | { readonly form: undefined; readonly reason: string } {
  const { connector, source, format, process } = question
  const obstacle = obstacleToBytes(question)
  if (obstacle === undefined)
    return {
      form: 'bytes',
      reason:
        format === 'binary'
          ? `${connector} copies files as they are`
          : `${connector} writes ${format} itself, and nothing has to look at the rows`,
    }
  if (format === 'binary') return { form: undefined, reason: obstacle }
  const form = source.forms.find((candidate) => candidate !== 'bytes')
  if (form === undefined) return { form: undefined, reason: obstacle }
  const made = process.length > 0 || question.split?.rows !== undefined ? '' : ', so it is made here'
  return {
    form,
    reason: `${obstacle}${made}${form === 'rows' ? `; ${connector} yields nothing faster than rows` : ''}`,
  }
}

/** Why the bytes of the source cannot be the bytes of the file; undefined when they can. */
function obstacleToBytes({
  connector,
  source,
  format,
  csv,
  split,
  process,
}: FormQuestion): string | undefined {
  const encode = source.encodes[format]
  if (process.length > 0) return `the job looks at the rows (${stepNames(process)})`
  if (encode === undefined || !source.forms.includes('bytes'))
    return `${connector} does not write ${format} itself`
  if (split?.rows !== undefined) return 'the result is split by rows, which have to be counted'
  if (format !== 'csv') return undefined
  const missing = Object.keys(defaultCsv).filter(
    (option) =>
      option !== 'header' &&
      csv[option as keyof CsvOptions] !== defaultCsv[option as keyof CsvOptions] &&
      !encode.options.includes(option),
  )
  return missing.length === 0
    ? undefined
    : `${connector} does not write CSV with ${listNames(missing.map((option) => `csv.${option}`))}`
}

function stepNames(process: readonly ProcessStep[]): string {
  return listNames(new Set(process.map((step) => Object.keys(step)[0] ?? '')))
}
