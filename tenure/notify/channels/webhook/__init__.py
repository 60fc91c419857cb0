"""Telling programs: JSON, signed, so that the receiver knows who sent it and when."""
