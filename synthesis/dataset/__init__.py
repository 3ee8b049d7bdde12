"""From episodes to the dataset: gates, splits, statistics, audit of judges, card (§5.1, Appendix B)."""
