"""What people look at: a run's status, a sample's lineage, the difference of two runs, a dataset's report."""
