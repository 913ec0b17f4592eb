"""Reduced public reference tables and how to rebuild them. Rows about people never belong here: only counts and shares."""
