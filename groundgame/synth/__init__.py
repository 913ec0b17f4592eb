"""The synthetic state: seeded, realistic, with its truth. Nothing here reads a real voter, and the pipeline never reads the truth."""
