"""PTBench run on models, files of answers and baselines: prompts, answers, scores, reports and comparisons.

Parsing, matching, metrics and statistics are those of `ptool.benchmark`; nothing here compares an answer.
"""
