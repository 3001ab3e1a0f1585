import { z } from '../schema.ts'

export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full'

/** PEM text, and not the name of a file: a secret store holds it, and a run reads no file of its own. */
const pem = z.string().max(200_000).startsWith('-----BEGIN ', 'must be PEM text, not the name of a file')

export interface CertificateWords {
  /** Whose certificate it is: `the server`, `each node`. */
  readonly peer: string
  /** What the client's certificate is for. */
  readonly cert: string
}

export interface TlsWords extends CertificateWords {
  /** What each mode means for this system; it must say what `auto` chooses. */
  readonly mode: string
}

/** Fields of certificates, where an address says whether TLS is spoken. Check them by `certWithKey`. */
export function certificateFields({ peer, cert }: CertificateWords): {
  ca: z.ZodOptional<z.ZodString>
  cert: z.ZodOptional<z.ZodString>
  key: z.ZodOptional<z.ZodString>
} {
  return {
    ca: pem.optional().meta({
      title: 'Certificate authorities',
      description: `PEM text of the authorities that may sign the certificate of ${peer}; default: those that Node.js trusts. Providers often have one of their own`,
    }),
    cert: pem.optional().meta({
      title: 'Client certificate',
      description: `PEM text of a certificate ${cert}; default: none. Needs \`key\``,
    }),
    key: pem.optional().meta({
      title: 'Key of the client certificate',
      description: 'PEM text of its private key, without passphrase; default: none',
      secret: true,
    }),
  }
}

/** Fields that connectors share; each adds what its system needs besides. Check them by `certWithKey`. */
export function tlsFields({ mode, ...words }: TlsWords): {
  mode: z.ZodDefault<z.ZodEnum<{ [name in 'auto' | TlsMode]: name }>>
} & ReturnType<typeof certificateFields> {
  return {
    mode: z
      .enum(['auto', 'disable', 'require', 'verify-ca', 'verify-full'])
      .default('auto')
      .meta({ title: 'TLS mode', description: mode }),
    ...certificateFields(words),
  }
}

/** A certificate is of no use without its key, nor a key without its certificate. */
export function certWithKey(
  { cert, key }: { readonly cert?: string | undefined; readonly key?: string | undefined },
  context: z.RefinementCtx,
): void {
  if ((cert === undefined) === (key === undefined)) return
  const path = [cert === undefined ? 'cert' : 'key']
  context.addIssue({ code: 'custom', message: 'cert and key belong together', path })
}
