"""Self-contained documents (sections, tables, charts) as HTML and Markdown, and safe texts for terminals.

It knows nothing of evaluations, runs or datasets, and imports nothing of ours.
"""
