"""Self-contained documents: sections, tables and charts as HTML and Markdown.

It knows nothing of evaluations, runs or datasets, and imports nothing of ours.
"""
