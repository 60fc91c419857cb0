"""The page one begins a day with, and the tasks and notes of accounts."""
