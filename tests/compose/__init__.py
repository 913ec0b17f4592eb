"""The team's server: its files are checked as they are, and its processes run for real without containers."""
