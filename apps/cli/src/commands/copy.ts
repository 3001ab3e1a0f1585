import { Command } from 'commander'
import { withMessages, type Execute } from './execute.ts'

export function copyCommand(execute: Execute): Command {
  return withMessages(
    new Command('copy')
      .summary('copy a table, query or file, in one line')
      .description(
        'Copies FROM a database, file or object TO a file or object. Format and compression follow from the ending of TO.',
      )
      .argument('<from>', 'postgres://user@host/database, s3://bucket/key, or a file')
      .argument('<to>', 's3://bucket/key, or a file')
      .option('--query <sql>', 'what to read; a file is the table `input`'),
  )
    .option('--force', 'replace a file that is there')
    .addHelpText(
      'after',
      `
Endings: .csv .jsonl .ndjson .parquet, for TO also .avro .xlsx, and .gz or .zst behind the first three. A file
with the ending of its source and no --query is copied as it is.
Passwords do not belong into a URL: they are read from PGPASSWORD, or AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY. AWS_REGION and AWS_ENDPOINT_URL_S3 name another region or server.

Examples:
  bulkhead copy flights.parquet flights.csv.zst
  bulkhead copy flights.csv flights.xlsx
  bulkhead copy movies.json top.csv --query "SELECT Title FROM input ORDER BY 1"
  bulkhead copy "postgres://reader@db.internal/ledger?query=SELECT * FROM invoice" s3://exports/invoices.jsonl`,
    )
    .action((from: string, to: string, options, own: Command) =>
      execute(own, async (terminal, report) =>
        (await import('../actions/copy.ts')).copy(from, to, options, terminal, report),
      ),
    )
}
