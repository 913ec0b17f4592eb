"""What every DAG shares: the run date, task defaults, the stage tasks, the assets."""
