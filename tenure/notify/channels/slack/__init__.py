"""Telling a chat room by an incoming webhook as Slack, Mattermost and Rocket.Chat take it."""
