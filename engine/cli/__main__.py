"""`python -m engine.cli`, the same as `cnnlab`."""

from engine.cli import main

main()
