"""`ptool.check`: endpoints are tried, and what a run would ask and cost is estimated from a small run."""
