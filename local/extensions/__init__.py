"""What MiniStack lacks and the service needs. `local.server` installs all of it."""
