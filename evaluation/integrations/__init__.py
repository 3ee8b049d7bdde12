"""PTBench inside other people's harnesses: a task for Inspect, a task folder for lm-evaluation-harness.

They ask the models; prompts, scores and averages are ptool's own, so that the numbers are the same.
"""
