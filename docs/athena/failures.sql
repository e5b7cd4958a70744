-- What failed and what was refused, by day and kind?
SELECT day, operation, event, count(*) AS records
FROM rds_audit_archive
WHERE success = false
  AND day >= '<first day>'
GROUP BY day, operation, event
ORDER BY day, operation, event
