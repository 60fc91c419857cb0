"""Recurring revenue and receivables of the whole workspace: what the page, the command and the API show."""
