/** A workgroup of its own for a test, on the stand-in for Athena's API or on Athena itself. */
import { randomBytes, randomInt } from 'node:crypto'
import { AthenaClient, CreateWorkGroupCommand } from '@aws-sdk/client-athena'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

export interface TestAthena {
  /** Of Athena's API, and of S3, where the results lie; undefined on AWS. */
  readonly endpoint?: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly workgroup: string
  readonly database: string
  /** `s3://bucket/prefix/`, where the workgroup puts results. */
  readonly outputLocation: string
}

const region = 'us-east-1'

/** On the stand-in: the account of an access key. */
const accounts = new Map<string, string>()

/**
 * Makes a workgroup and a bucket for its results. On the stand-in both are in an AWS account of their own, so that
 * results queued by one test are not answered to another; they go with the stand-in. On AWS it is the workgroup that
 * the variable names, where nothing is made or removed.
 */
export async function createWorkgroup(scope: Scope): Promise<TestAthena> {
  const server = JSON.parse(serverVariable('athena')) as { readonly endpoint: string } | TestAthena
  if ('workgroup' in server) return server
  const { endpoint } = server
  const name = `bulkhead-test-${randomBytes(6).toString('hex')}`
  const athena = {
    ...(await newAccount(endpoint)),
    endpoint,
    region,
    workgroup: name,
    database: 'default',
    outputLocation: `s3://${name}/results/`,
  }
  const s3 = new S3Client({ ...clientOptions(athena), forcePathStyle: true })
  scope.after(() => s3.destroy())
  await s3.send(new CreateBucketCommand({ Bucket: name }))
  const client = athenaClient(scope, athena)
  const ResultConfiguration = { OutputLocation: athena.outputLocation }
  await client.send(new CreateWorkGroupCommand({ Name: name, Configuration: { ResultConfiguration } }))
  return athena
}

/** A client of Athena's API, destroyed when the scope is over. */
export function athenaClient(scope: Scope, athena: TestAthena): AthenaClient {
  const client = new AthenaClient(clientOptions(athena))
  scope.after(() => client.destroy())
  return client
}

/** What a query answers. */
export interface AthenaResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Undefined is NULL. */
  readonly rows: readonly (readonly (string | undefined)[])[]
}

/**
 * Puts the result of the next query there; each query takes one. It lies in S3 too, when the query itself names a place
 * for it: the stand-in does not look at that of the workgroup, and does not double the quotes in its CSV.
 *
 * @throws Error on Athena itself, which runs the query instead
 */
export async function queueResult(athena: TestAthena, { columns, rows }: AthenaResult): Promise<void> {
  const { endpoint, accessKeyId } = athena
  const account = accounts.get(accessKeyId)
  if (endpoint === undefined || account === undefined) {
    throw new Error('Results can be queued on the stand-in only')
  }
  const column = ({ name, type }: AthenaResult['columns'][number]): object => ({
    CatalogName: 'hive',
    SchemaName: '',
    TableName: '',
    Name: name,
    Label: name,
    Type: type,
    Precision: 0,
    Scale: 0,
    Nullable: 'UNKNOWN',
    CaseSensitive: false,
  })
  const row = (values: readonly (string | undefined)[]): object => ({
    Data: values.map((value) => (value === undefined ? {} : { VarCharValue: value })),
  })
  const header = row(columns.map(({ name }) => name)) // a real one is first in the rows, too
  await post(
    `${endpoint}/moto-api/static/athena/query-results`,
    { 'content-type': 'application/json' },
    JSON.stringify({
      account_id: account,
      region: athena.region,
      results: [{ rows: [header, ...rows.map(row)], column_info: columns.map(column) }],
    }),
  )
}

/** Credentials of an account that nobody else uses: those of a role in it, which the stand-in lets anyone take. */
async function newAccount(
  endpoint: string,
): Promise<Pick<Required<TestAthena>, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>> {
  const account = String(randomInt(1e11, 1e12))
  const answer = await post(
    endpoint,
    {
      'content-type': 'application/x-www-form-urlencoded',
      // tells it which service is asked
      authorization: `AWS4-HMAC-SHA256 Credential=any/20000101/${region}/sts/aws4_request, SignedHeaders=host, Signature=any`,
    },
    new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: `arn:aws:iam::${account}:role/tests`,
      RoleSessionName: 'tests',
    }).toString(),
  )
  const value = (tag: string): string => {
    const found = new RegExp(`<${tag}>([^<]+)<`).exec(answer)?.[1]
    if (found === undefined) throw new Error(`The stand-in for Athena gives no ${tag}: ${answer}`)
    return found
  }
  const accessKeyId = value('AccessKeyId')
  accounts.set(accessKeyId, account)
  return { accessKeyId, secretAccessKey: value('SecretAccessKey'), sessionToken: value('SessionToken') }
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<string> {
  const answer = await fetch(url, { method: 'POST', headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text}`)
  return text
}

function clientOptions(athena: TestAthena): {
  readonly region: string
  readonly endpoint?: string
  readonly credentials: Pick<TestAthena, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>
} {
  const { region, endpoint, accessKeyId, secretAccessKey, sessionToken } = athena
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  }
}
