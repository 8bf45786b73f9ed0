"""What Waymark knows: tables, sessions, scoped queries, migrations. Written only by services."""
