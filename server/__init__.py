"""What a team's server needs beside Airflow itself: its first start, its health, its upkeep, its backups."""
