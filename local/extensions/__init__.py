"""What MiniStack lacks and AWS has, as far as the service needs it; `local.server` installs them all."""
