"""Tags by which an instance of the local cloud says how its snapshots and reboots go.

The value is a number of seconds, `fails` or `never`; for `local:throttle`, how many looks at the instance's snapshots
are refused with Throttling before one is answered.
"""

SNAPSHOT_TAG = "local:snapshot"
REBOOT_TAG = "local:reboot"
THROTTLE_TAG = "local:throttle"
FAILS = "fails"
NEVER = "never"
