"""Pages that people look at: HTML files that open from a disk and behind Airflow's login. Counts and shares only; nothing here decides."""
