"""A field program among the people of a synthetic state: organizers and volunteers, turf, shifts, goals, and whom they reached."""
