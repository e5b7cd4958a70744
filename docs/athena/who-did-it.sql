-- Who asked for a reboot of an instance, and how did it end?
SELECT a."timestamp" AS asked_at, a.principal, c.success
FROM rds_audit_archive a
JOIN rds_audit_archive c ON c.operation_id = a.operation_id AND c.event = 'completed'
WHERE a.event = 'accepted'
  AND a.operation = 'reboot_instance'
  AND a.instance_id = '<instance>'
  AND a.day >= '<first day>'
ORDER BY asked_at
