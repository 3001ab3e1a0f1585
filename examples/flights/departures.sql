-- Departures of one airport. Parameters are bound by the connector and never become text of the query.
SELECT
  f.date AS departure,
  f.destination,
  a.name AS airport,
  a.city,
  a.state,
  f.distance AS miles,
  f.delay,
  CAST(:late AS INTEGER) AS late
FROM flights f
LEFT JOIN airports a ON a.iata = f.destination
WHERE f.origin = :airport
ORDER BY f.date, f.destination, f.delay, f.distance
