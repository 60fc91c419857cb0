"""Telling people: who hears of an alert on which channel, and the outbox that nothing gets lost from."""
