"""Tags by which an instance of the local cloud says how its snapshots and reboots go.

The value is a number of seconds, `fails` or `never`.
"""

SNAPSHOT_TAG = "local:snapshot"
REBOOT_TAG = "local:reboot"
FAILS = "fails"
NEVER = "never"
