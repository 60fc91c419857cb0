"""Tenure: self-hosted customer success for businesses that bill with Recurly."""

__version__ = "0.1.0"
