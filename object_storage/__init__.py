"""Folders in object storage (S3 and whatever else fsspec reaches): files go there and come back, checked.

It knows bytes and URLs, and nothing of runs.
"""

from .copies import local_copy
from .folder import ObjectFolder
from .urls import check_url, is_url

__all__ = ["ObjectFolder", "check_url", "is_url", "local_copy"]
