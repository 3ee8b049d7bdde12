"""`ptool.check`: what a run would ask and cost, found by running it on a small scale without any model."""
