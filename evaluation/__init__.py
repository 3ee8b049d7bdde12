"""Running PTBench: prompts, answers of models, files or baselines, and the folder with their scores.

What an answer is worth is `ptool.benchmark`'s to say; nothing here parses or compares one.
"""
