"""What people use: the command line in a terminal, and the console in a browser, on a local cloud."""
