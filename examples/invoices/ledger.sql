-- The table that the queries read, with a few rows: for a database of one's own.
CREATE TABLE invoice (
  id bigint PRIMARY KEY,
  customer text NOT NULL,
  amount numeric(12, 2) NOT NULL,
  currency char(3) NOT NULL DEFAULT 'EUR',
  issued date NOT NULL,
  due date NOT NULL,
  paid date,
  note text
);

INSERT INTO invoice VALUES
  (1, 'Zoë & Co.', 1204.50, 'EUR', '2026-10-01', '2026-10-31', '2026-10-20', ''),
  (2, 'ACME "Anvils"', 0.10, 'EUR', '2026-10-02', '2026-11-01', NULL, NULL),
  (3, 'Two
lines', 99999999.99, 'USD', '2026-10-31', '2026-11-30', NULL, '=1+1'),
  (4, '', 12.00, 'EUR', '2026-11-01', '2026-12-01', NULL, 'no customer');
