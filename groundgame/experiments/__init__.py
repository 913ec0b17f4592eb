"""Experiments: who is treated by the draw of a keyed hash, what can be found at all, and what difference it made."""
