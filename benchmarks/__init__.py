"""The figures in the README come from here: ``make bench``. Each is a ratio to a floor measured in the same run."""
