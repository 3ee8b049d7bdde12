"""A dataset in the formats of others: one file a format, over one way to read samples and one writer.

It scores nothing and asks no model; what is written can be read without ptool.
"""
