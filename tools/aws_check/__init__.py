"""`make aws-check`: what would make a deployment fail, found before it, with the command that mends it."""
