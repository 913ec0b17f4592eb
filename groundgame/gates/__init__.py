"""Gates: one aggregate query profiles a table, Great Expectations judges the profile, and the verdict is written down."""
