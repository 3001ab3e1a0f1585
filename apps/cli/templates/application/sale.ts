/** A row of sales.sql. Whole numbers arrive as bigint, so that none loses a digit. */
interface Sale {
  readonly sold: string
  readonly article: string
  readonly pieces: bigint
  readonly price: number
}

/** Columns of the file, in order. */
export const fields = { sold: 'date', article: 'text', pieces: 'integer', total: 'decimal(12,2)' }

/** Gets each row; returns one, several in a list, or null to leave it out. */
export default function sale({ sold, article, pieces, price }: Sale) {
  if (pieces === 0n) return null
  return { sold, article, pieces, total: (Number(pieces) * price).toFixed(2) }
}
