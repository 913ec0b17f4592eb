"""Bring files in: fetch, inspect, read, conform, land. Text as received under canonical names; nothing is lost silently."""
