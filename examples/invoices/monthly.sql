SELECT id, customer, amount, currency, issued, due, paid, note
FROM invoice
WHERE issued >= to_date(:month, 'YYYY-MM')
  AND issued < to_date(:month, 'YYYY-MM') + interval '1 month'
ORDER BY issued, id
