import type { AwsKeys } from './credentials.ts'
import { Sha256 } from './sha256.ts'

/** How long AWS takes a token, seconds; a session lives on after that. */
const LIFE_SECONDS = 900

/** What a token is good for. */
export interface RdsLogin {
  /** Name and port of the database as AWS knows it. */
  readonly endpoint: string
  readonly region: string
  readonly user: string
}

/**
 * A token that stands for the password of one login to RDS or Aurora: a request to connect, signed and never sent.
 * Make one for every session, and send it to nobody but a server that has proved who it is.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html
 */
export async function rdsToken({ endpoint, region, user }: RdsLogin, keys: AwsKeys): Promise<string> {
  const { SignatureV4 } = await import('@smithy/signature-v4')
  const [hostname = '', port = ''] = endpoint.split(':')
  const signer = new SignatureV4({ service: 'rds-db', region, credentials: keys, sha256: Sha256 })
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      port: Number(port),
      path: '/',
      query: { Action: 'connect', DBUser: user },
      headers: { host: endpoint },
    },
    { expiresIn: LIFE_SECONDS },
  )
  const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`)
  return `${endpoint}/?${pairs.toSorted().join('&')}`
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
