"""The command line program migstate; ``python -m migstate`` starts it. It is JavaScript and lies in the folder ``node``."""
