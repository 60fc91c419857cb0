"""The command line: parse, call, print. One file a group of commands; ``command.py`` is what all share."""
