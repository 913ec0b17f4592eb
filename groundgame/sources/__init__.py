"""What a source is: one YAML per source, its spec, the catalog, and the canonical fields they map to."""
