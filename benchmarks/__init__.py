"""Timings, run by hand or on a quiet machine; none of them can fail a test."""
