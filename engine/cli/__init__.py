"""`cnnlab`: the laboratory on the command line. Data on stdout, everything else on stderr, exit codes as a contract."""

from engine.cli.main import main

__all__ = ["main"]
