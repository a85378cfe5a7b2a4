"""Listings as clients read them: JSON, XML or plain text."""
