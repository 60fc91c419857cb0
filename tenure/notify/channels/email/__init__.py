"""Telling people by mail, over the SMTP server the operator names."""
