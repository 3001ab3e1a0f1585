-- :year is bound, and never becomes a part of this text.
SELECT sold, article, pieces, price
FROM sales
WHERE year(sold) = :year
ORDER BY sold, article
