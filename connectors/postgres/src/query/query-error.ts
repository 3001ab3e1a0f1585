import { type BulkheadError, type SqlText, isBulkheadError } from '@bulkhead/connector-sdk'
import { postgresError } from '../errors.ts'
import { ServerError, type ServerErrorFields } from '../wire/backend.ts'
import { placeInQuery } from './query-text.ts'

/** What was under way when the server gave an error. */
export type Stage =
  | { readonly kind: 'settings' }
  /** `sent` replaces the parameters as in the text that was sent; positions count in it. */
  | { readonly kind: 'query'; readonly query: SqlText; readonly sent: (name: string) => string }
  | { readonly kind: 'parameter'; readonly name: string; readonly type: string }
  /** `parameters`: whether values are bound, which the planner may look at. */
  | { readonly kind: 'plan'; readonly parameters: boolean }
  | { readonly kind: 'rows' }

export interface Timing {
  /** How long the statement ran. */
  readonly elapsedMs: number
  readonly queryTimeoutMs: number
}

/**
 * What the user reads of an error of the server. Its message is passed on only where it cannot hold
 * row data: while the query is understood, before a row is read, and outside functions. Details never are.
 */
export function queryError(error: unknown, stage: Stage, timing: Timing): Error {
  if (!(error instanceof ServerError)) return isBulkheadError(error) ? error : (error as Error)
  const { fields } = error
  return byState(fields, stage, timing) ?? byClass(fields, stage)
}

function byState(fields: ServerErrorFields, stage: Stage, timing: Timing): BulkheadError | undefined {
  const { sqlState } = fields
  switch (sqlState) {
    case '25006':
      return postgresError('postgres-write-refused', 'The query tries to change data', { path: 'query' })
    case '25001':
      return postgresError('postgres-write-refused', 'The query tries to change its transaction', {
        path: 'query',
      })
    case '0A000':
      // The query was understood alone; what cannot stand in parentheses is a WITH that changes data.
      return stage.kind === 'plan'
        ? postgresError('postgres-write-refused', 'A WITH of the query changes data', { path: 'query' })
        : undefined
    case '25P03':
    case '57P05':
      return postgresError(
        'postgres-connection-lost',
        'The server ended the session, which had been idle too long',
      )
    case '25P04':
      return timeout(timing)
    case '42501':
      return postgresError(
        'postgres-permission-denied',
        understood(fields, stage, 'The user may not read something that the query reads'),
        {
          path: 'query',
        },
      )
    case '42P18':
      return postgresError(
        'postgres-parameter-type-unknown',
        understood(fields, stage, 'The type of a parameter cannot be told'),
        {
          path: 'query',
        },
      )
    case '55P03':
      return postgresError('postgres-lock-timeout', 'Another session held a lock for too long', {
        path: 'query',
      })
    case '57014':
      return isTimeout(fields, timing)
        ? timeout(timing)
        : postgresError('postgres-query-cancelled', 'The query was cancelled at the server')
    case '57P04':
      return postgresError('postgres-database-unknown', 'The database was dropped', {
        path: 'config.database',
      })
    default:
      return undefined
  }
}

function byClass(fields: ServerErrorFields, stage: Stage): BulkheadError {
  const { sqlState } = fields
  if (stage.kind === 'settings' && sqlState.startsWith('22'))
    return postgresError('postgres-setting-refused', 'The server does not know the time zone', {
      path: 'config.timeZone',
    })
  switch (sqlState.slice(0, 2)) {
    case '08':
    case '57':
      return postgresError('postgres-connection-lost', `The server ended the session (${sqlState})`)
    case '40':
      return postgresError('postgres-conflict', `The query gave way to another transaction (${sqlState})`)
    case '53':
      return postgresError(
        'postgres-out-of-resources',
        `The server lacks memory, disk or another resource (${sqlState})`,
      )
    case '58':
    case 'F0':
    case 'XX':
      return postgresError('postgres-server-error', `The server failed (${sqlState})`)
    default:
  }
  if (stage.kind === 'parameter')
    return postgresError(
      'postgres-parameter-invalid',
      `The server cannot take the parameter ${stage.name} as ${stage.type}: ${conditionOf(sqlState)}`,
      {
        path: `parameters.${stage.name}`,
      },
    )
  switch (sqlState.slice(0, 2)) {
    case '0A':
    case '3F':
    case '42':
    case '54':
    case '55':
      return postgresError('postgres-query-invalid', understood(fields, stage, 'The query cannot be run'), {
        path: 'query',
        ...(mayQuote(fields, stage) && fields.hint !== undefined
          ? { fix: fields.hint.replace(/\.$/, '') }
          : {}),
      })
    case '38':
    case '39':
    case 'P0':
      return postgresError('postgres-function-failed', `A function of the database failed (${sqlState})`, {
        path: 'query',
      })
    case '20':
    case '21':
    case '22':
    case '23':
    case '2F':
      return postgresError(
        'postgres-value-refused',
        `${sentence(conditionOf(sqlState))}${placed(fields, stage)}`,
        { path: 'query' },
      )
    default:
      return postgresError('postgres-query-failed', `The query failed (${sqlState})`, { path: 'query' })
  }
}

/** The server's own words where they are safe, with the place in the query. */
function understood(fields: ServerErrorFields, stage: Stage, otherwise: string): string {
  const { message, sqlState } = fields
  return mayQuote(fields, stage)
    ? `${sentence(message)} (${sqlState})${placed(fields, stage)}`
    : `${otherwise} (${sqlState})`
}

function mayQuote({ insideFunction }: ServerErrorFields, stage: Stage): boolean {
  return !insideFunction && (stage.kind === 'query' || (stage.kind === 'plan' && !stage.parameters))
}

function placed({ position, insideFunction }: ServerErrorFields, stage: Stage): string {
  return position === undefined || insideFunction || stage.kind !== 'query'
    ? ''
    : ` at ${placeInQuery(stage.query, stage.sent, position)}`
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Its state is the same when somebody cancels, and its text is in the server's language: the time decides too. */
function isTimeout({ message }: ServerErrorFields, { elapsedMs, queryTimeoutMs }: Timing): boolean {
  return message.includes('statement timeout') || elapsedMs >= queryTimeoutMs - 50
}

function timeout({ queryTimeoutMs }: Timing): BulkheadError {
  return postgresError('postgres-query-timeout', `The query took longer than ${queryTimeoutMs / 1000} s`, {
    path: 'query',
  })
}

/** Conditions that data brings about. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const conditions: Readonly<Record<string, string>> = {
  '21000': 'a subquery returned more than one row',
  '22001': 'a text is too long for its type',
  '22003': 'a number is out of range',
  '22007': 'a text is not a date or time',
  '22008': 'a date or time is out of range',
  '22009': 'a time zone displacement is out of range',
  '2200F': 'a text is empty where it must not be',
  '22012': 'division by zero',
  '22015': 'an interval is out of range',
  '22018': 'a character cannot be converted',
  '2201B': 'a regular expression is invalid',
  '2201E': 'a logarithm of a number that has none',
  '2201F': 'a power of a number that has none',
  '22021': 'a character is not valid in the encoding',
  '22023': 'an argument of a function is invalid',
  '22025': 'an escape sequence is invalid',
  '2202E': 'a subscript of an array is invalid',
  '22030': 'a key of a JSON object occurs twice',
  '22032': 'a text is not JSON',
  '22P02': 'a text is not a value of the type',
  '22P03': 'a binary value is not one of the type',
  '22P05': 'a character cannot be written in the encoding',
  '2200M': 'a text is not an XML document',
  '2200N': 'a text is not XML content',
  '23502': 'a value that must not be null is null',
  '23514': 'a value violates a check of its type',
}

function conditionOf(sqlState: string): string {
  const condition = conditions[sqlState]
  return condition === undefined ? `SQLSTATE ${sqlState}` : `${condition} (${sqlState})`
}
