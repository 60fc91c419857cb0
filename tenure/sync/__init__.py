"""Bringing one site's changes in: runs, pages, checkpoints, proofs."""
