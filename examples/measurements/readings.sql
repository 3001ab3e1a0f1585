SELECT
  g AS id,
  :sensor::text AS sensor,
  timestamptz '2026-01-01 00:00:00+00' + g * interval '1 minute' AS taken_at,
  round((18 + 9 * sin(g / 229.0) + 2 * sin(g / 7.0))::numeric, 3) AS celsius
FROM generate_series(1, :rows::bigint) AS g
ORDER BY g
