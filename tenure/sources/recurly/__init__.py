"""Recurly, read through its v3 interface (version v2021-02-25). Nothing here can change anything there."""
