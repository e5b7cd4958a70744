"""Tags that tell the local cloud how an instance's snapshots and reboots go, and who else manages it.

The value is a number of seconds, `fails` or `never`; for `local:throttle`, how many reads of the instance's snapshots
get Throttling first. `local:aws-backup` (any value): AWS Backup manages the window. `local:automation`: the
AutomationMode of RDS Custom. `local:failover`: `abandoned`.
"""

SNAPSHOT_TAG = "local:snapshot"
REBOOT_TAG = "local:reboot"
THROTTLE_TAG = "local:throttle"
AWS_BACKUP_TAG = "local:aws-backup"
AUTOMATION_TAG = "local:automation"
FAILOVER_TAG = "local:failover"
FAILS = "fails"
NEVER = "never"
ABANDONED = "abandoned"
