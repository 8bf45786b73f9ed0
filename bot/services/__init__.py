"""What Waymark does: verbs, each one transaction. The only writer of the records."""
