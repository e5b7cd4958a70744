-- Who tried production, and how often?
SELECT principal, count(*) AS attempts, min("timestamp") AS first_at
FROM rds_audit_archive
WHERE event = 'refused'
  AND environment = 'production'
  AND day >= '<first day>'
GROUP BY principal
ORDER BY attempts DESC
