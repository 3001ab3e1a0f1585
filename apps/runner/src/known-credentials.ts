import type { Request } from '@bulkhead/contract'
import type { Plan } from '@bulkhead/engine'
import { secretsIn } from '@bulkhead/engine/plan/planned-connection'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'

/**
 * Texts of what a request brought as credentials, or beside them under a name that sounds like one: they
 * are hidden before anybody looks at the request, and perhaps refuses it.
 */
export function hideCredentials({ data: { source } }: Request, redactor: Redactor): void {
  if (source === undefined || !('connector' in source)) return
  const hideAll = (value: unknown): void => {
    if (typeof value === 'string') {
      if (!isSealed(value)) redactor.add(value)
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(hideAll)
  }
  hideAll(source.credentials)
  for (const [name, value] of Object.entries(source.config))
    if (/pass|secret|token|credential|key$/i.test(name)) hideAll(value)
}

/** A JWE: no secret to hide, and so long that looking for it would take its time. */
function isSealed(text: string): boolean {
  return /^eyJ[\w-]+(\.[\w-]*){4}$/.test(text)
}

/** Secrets in clear that a plan holds. */
export function hideSecretsOf(plan: Plan, redactor: Redactor): void {
  for (const planned of [plan.source, ...plan.source.fallbacks, plan.store])
    for (const secret of secretsIn(planned)) redactor.add(secret.reveal())
}

/** Values of parameters that are marked as secret. */
export function hideParameters({ preparation, source }: Plan, redactor: Redactor): void {
  const hide = (value: unknown): void => {
    if (typeof value === 'string') redactor.add(value)
    else if (Array.isArray(value)) value.forEach(hide)
    else if (typeof value === 'number' || typeof value === 'bigint') redactor.add(String(value))
  }
  for (const given of [preparation?.parameters, source.parameters])
    for (const name of source.secretParameters) hide(given?.[name])
}
