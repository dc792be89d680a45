"""What is measured, against whom. `make bench` runs it; RESULTS.md says what came out."""
