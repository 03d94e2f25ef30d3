"""`python -m dream`: the command line."""

from dream.cli import main

main()
