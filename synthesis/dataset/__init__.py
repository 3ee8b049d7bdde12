"""From episodes to the dataset: gates, splits, statistics, the audit of judges, the card (§5.1, Appendix B)."""
