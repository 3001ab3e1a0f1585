import {
  defaultCsv,
  type CsvOptions,
  type ErrorDetails,
  type OutputFormat,
  type ParameterValue,
  isBulkheadError,
} from '@bulkhead/connector-sdk'
import {
  detailsOf,
  faultDetails,
  formatPath,
  listNames,
  parseDuration,
  parseSize,
  valueAt,
  type Job,
  type Policy,
  type RequestData,
} from '@bulkhead/contract'
import type { ConnectorEntry } from '../catalog/catalog.ts'
import { checkFileName } from '../deliver/object-key.ts'
import { manifestFileName, splitFileName } from '../deliver/split-names.ts'
import type { Compression } from '../format/compress.ts'
import { encodingFault } from '../format/csv-encoding.ts'
import { fileFormats, mostSheetRows } from '../format/file-format.ts'
import { fileNameOf } from './file-name.ts'
import type { PlannedOutput } from './plan.ts'

/** The output of a run: the job's, with what the request may and does set instead. */

/** A link's validity when nobody says one; less when the policy allows less. */
const defaultUrlExpiresMs = 24 * 3_600_000

export interface OutputQuestion {
  /** Undefined for an ad hoc request, which may set everything. */
  readonly jobName: string | undefined
  readonly job: Job
  readonly request: RequestData
  readonly parameters: Readonly<Record<string, ParameterValue>>
  /** As preparing work of the job named it; the request's own stands over it. */
  readonly preparedName?: string | undefined
  readonly connector: ConnectorEntry
  /** What the application may do. */
  readonly limits: Pick<Policy['limits'], 'rows'>
}

export interface AnsweredOutput {
  readonly output: PlannedOutput
  readonly faults: readonly ErrorDetails[]
  readonly warnings: readonly string[]
}

/** What the request sets and the job does not let it set. */
export function overrideFaults({
  job,
  jobName,
  request,
}: Pick<OutputQuestion, 'job' | 'jobName' | 'request'>): ErrorDetails[] {
  if (jobName === undefined) return []
  const may: readonly string[] = job.requestMay
  return (['output', 'deliver'] as const).flatMap((part) =>
    Object.entries(request[part] ?? {})
      .filter(([field, value]) => value !== undefined && !may.includes(`${part}.${field}`))
      .map(([field]) =>
        faultDetails('request-may-not', `The job does not let a request set \`${part}.${field}\``, {
          path: formatPath([part, field]),
        }),
      ),
  )
}

/** Merges, fills in defaults, and checks what a schema cannot. */
export function planOutput(question: OutputQuestion): AnsweredOutput {
  const { jobName, job, request, connector } = question
  const wanted = request.output ?? {}
  const format = wanted.format ?? job.output.format ?? defaultFormat(connector)
  const file = fileFormats[format]
  const packed = compressionOf(question, format)
  const { compression } = packed
  const level = wanted.compressionLevel ?? job.output.compressionLevel
  const csv: CsvOptions = {
    ...defaultCsv,
    ...withoutUndefined(job.output.csv),
    ...withoutUndefined(wanted.csv),
  }
  const ageRecipients = (wanted.encrypt ?? job.output.encrypt)?.age ?? []
  const pathOf = (field: string): string =>
    valueAt(request, ['output', ...field.split('.')]) !== undefined || jobName === undefined
      ? `output.${field}`
      : `${formatPath(['spec', 'jobs', jobName, 'output'])}.${field}`
  const split = splitOf(
    (wanted.split ?? job.output.split) as { rows?: number; bytes?: string } | undefined,
    format,
  )

  const faults: ErrorDetails[] = []
  if (format === 'csv') faults.push(...csvFaults(csv, pathOf))
  if (!file.compressions.includes(compression))
    faults.push(
      faultDetails('output-unsupported', `${file.title} cannot be compressed with ${compression}`, {
        path: pathOf('compression'),
        fix: `Use ${listNames(file.compressions)}, or leave it out`,
      }),
    )
  if (compression === 'gzip' && (level ?? 1) > 9)
    faults.push(
      faultDetails('output-unsupported', 'The levels of gzip end at 9', {
        path: pathOf('compressionLevel'),
        fix: 'Use a level from 1 to 9, or zstd',
      }),
    )
  if (split?.bytes !== undefined && split.bytes < smallestSplitBytes)
    faults.push(
      faultDetails('output-unsupported', 'A file of a split result must have at least 64 KiB', {
        path: pathOf('split.bytes'),
        fix: 'Split into larger files',
      }),
    )
  if (format === 'xlsx' && (split?.rows ?? 0) > mostSheetRows)
    faults.push(
      faultDetails('output-unsupported', `A sheet of Excel holds at most ${mostSheetRows} rows`, {
        path: pathOf('split.rows'),
        fix: 'Split into smaller files',
      }),
    )
  if (format === 'binary' && split !== undefined)
    faults.push(
      faultDetails('output-unsupported', 'Files that are copied as they are cannot be split', {
        path: pathOf('split'),
        fix: 'Leave `split` out',
      }),
    )
  for (const [index, recipient] of ageRecipients.entries())
    if (!/^age1[02-9ac-hj-np-z1]{10,2000}$/.test(recipient))
      faults.push(
        faultDetails('encrypt-recipient-invalid', 'A recipient is not an age public key', {
          path: `${pathOf('encrypt.age')}[${index}]`,
        }),
      )
  const named = nameOf(
    question,
    { format, compression, encrypted: ageRecipients.length > 0 },
    question.preparedName === undefined || wanted.fileName !== undefined
      ? pathOf('fileName')
      : 'prepared.fileName',
  )
  return {
    output: {
      format,
      csv,
      compression,
      compressionLevel: level ?? 1,
      fileName: named.fileName,
      split,
      ageRecipients,
    },
    faults: [...faults, ...named.faults],
    warnings: [
      ...named.warnings,
      ...packed.warnings,
      ...(level !== undefined && compression === 'none'
        ? ['`output.compressionLevel` has no effect without compression']
        : []),
      ...(level !== undefined && !file.hasLevels
        ? [`\`output.compressionLevel\` has no effect on ${format}`]
        : []),
      ...(format === 'xlsx' && split === undefined ? sheetWarnings(question.limits) : []),
      ...(wanted.csv !== undefined && format !== 'csv' ? [`\`output.csv\` has no effect on ${format}`] : []),
      ...(wanted.fileName !== undefined && format === 'binary'
        ? ['`output.fileName` has no effect: files that are copied keep their names']
        : []),
    ],
  }
}

export interface AnsweredExpiry {
  readonly seconds: number
  readonly faults: readonly ErrorDetails[]
}

/** How long the link is valid. */
export function planUrlExpiry(
  { jobName, job, request }: Pick<OutputQuestion, 'job' | 'jobName' | 'request'>,
  { limits }: Policy,
): AnsweredExpiry {
  const most = parseDuration(limits.urlExpiresIn)
  const wanted = request.deliver?.urlExpiresIn ?? job.deliver.urlExpiresIn
  const path =
    request.deliver?.urlExpiresIn !== undefined || jobName === undefined
      ? 'deliver.urlExpiresIn'
      : `${formatPath(['spec', 'jobs', jobName, 'deliver'])}.urlExpiresIn`
  const ms = wanted === undefined ? Math.min(defaultUrlExpiresMs, most) : parseDuration(wanted)
  const faults: ErrorDetails[] = []
  if (ms > most)
    faults.push(
      faultDetails(
        'url-expiry-too-long',
        `The link would be valid for ${wanted}; the application allows ${limits.urlExpiresIn}`,
        {
          path,
        },
      ),
    )
  if (ms < 1000)
    faults.push(
      faultDetails('output-unsupported', 'A link must be valid for at least one second', {
        path,
        fix: 'Ask for more, such as PT1H',
      }),
    )
  return { seconds: Math.max(1, Math.floor(ms / 1000)), faults }
}

/**
 * The compression that was asked for, else the format's own. When a request chooses another format, what
 * the job says for its own may not exist there, and the requester could not change it.
 */
function compressionOf(
  { job, request }: OutputQuestion,
  format: OutputFormat,
): { readonly compression: Compression; readonly warnings: readonly string[] } {
  const { compressions } = fileFormats[format]
  const usual = compressions[0] ?? 'none'
  const { format: wantedFormat, compression: wanted } = request.output ?? {}
  const ofJob = job.output.compression
  if (wanted !== undefined || ofJob === undefined) return { compression: wanted ?? usual, warnings: [] }
  if (compressions.includes(ofJob) || wantedFormat === undefined) return { compression: ofJob, warnings: [] }
  return {
    compression: usual,
    warnings: [
      `The job's \`output.compression\` is ${ofJob}, which ${format} does not have: it is ${usual} here`,
    ],
  }
}

/** What the application allows and a sheet does not: such a result fails at its first row too many. */
function sheetWarnings({ rows }: Pick<Policy['limits'], 'rows'>): string[] {
  return rows === undefined || rows <= mostSheetRows
    ? []
    : [
        `The application allows ${rows} rows, and a sheet of Excel holds ${mostSheetRows}: a longer result fails, which \`output.split.rows\` avoids`,
      ]
}

/** Smaller files would be nothing but requests to the store. */
const smallestSplitBytes = 64 * 1024
/** For the length of names. */
const mostSplitFiles = 9_999_999

/** What options of CSV cannot be together, though each may be. */
function csvFaults(csv: CsvOptions, pathOf: (field: string) => string): ErrorDetails[] {
  const faults: ErrorDetails[] = []
  if (csv.nullText.includes(csv.delimiter))
    faults.push(
      faultDetails('output-unsupported', 'The null text holds the delimiter', {
        path: pathOf('csv.nullText'),
        fix: 'Choose a null text without it: null is never written in quotes',
      }),
    )
  const encoding = encodingFault(csv, pathOf('csv.encoding'))
  return encoding === undefined ? faults : [...faults, encoding]
}

function nameOf(
  { jobName, job, request, parameters, preparedName }: OutputQuestion,
  kind: Parameters<typeof fileNameOf>[2],
  path: string,
): ReturnType<typeof fileNameOf> {
  // Copied files keep their names; what is made here is not used, and must not be a reason to refuse.
  if (kind.format === 'binary') return { fileName: jobName ?? 'result', faults: [], warnings: [] }
  const template = request.output?.fileName ?? preparedName ?? job.output.fileName ?? jobName ?? 'result'
  const named = fileNameOf(template, parameters, kind, path)
  if (named.faults.length > 0) return named
  try {
    const fileName = checkFileName(named.fileName, path)
    // The longest names that a split result can need: better now than after its last row.
    if ((request.output?.split ?? job.output.split) !== undefined) {
      splitFileName(fileName, mostSplitFiles, path)
      manifestFileName(fileName, path)
    }
    return { ...named, fileName }
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    return { ...named, faults: detailsOf(error) }
  }
}

function splitOf(
  split: { rows?: number | undefined; bytes?: string | undefined } | undefined,
  format: OutputFormat,
): PlannedOutput['split'] {
  if (split?.rows === undefined && split?.bytes === undefined) return undefined
  return {
    // A sheet ends there anyway.
    rows: split.rows ?? (format === 'xlsx' ? mostSheetRows : undefined),
    bytes: split.bytes === undefined ? undefined : parseSize(split.bytes),
  }
}

/** A source that only copies files is asked for nothing else. */
function defaultFormat({ manifest }: ConnectorEntry): OutputFormat {
  const { forms = [], encodes = {} } = manifest.source ?? {}
  const onlyCopies =
    forms.every((form) => form === 'bytes') && Object.keys(encodes).every((format) => format === 'binary')
  return onlyCopies && encodes.binary !== undefined ? 'binary' : 'csv'
}

function withoutUndefined<T extends object>(options: T | undefined): Partial<CsvOptions> {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined))
}
