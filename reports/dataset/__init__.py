"""The report on a finished dataset: one self-contained page from what a run has left in its folder."""

from .page import dataset_report, write_report

__all__ = ["dataset_report", "write_report"]
