"""Lists that leave the house: for walkers and callers, for score slots and audiences. Each is logged before its file exists."""
