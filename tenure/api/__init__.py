"""The HTTP API: what pages and commands can do, for programs."""
