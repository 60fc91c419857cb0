"""The identifier report: which field could name accounts, how well, and who would be left out."""

from tenure.identity.report.leaving import left_out, left_out_each
from tenure.identity.report.making import Report, report

__all__ = ["Report", "left_out", "left_out_each", "report"]
