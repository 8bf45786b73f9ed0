"""A whole Waymark for tests: real processes, a real database, and a patient at the page."""
