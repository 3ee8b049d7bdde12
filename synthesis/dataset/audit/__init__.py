"""The audit of the verifier (§4.3): good samples are corrupted, and instructions hidden in what it reads."""

from __future__ import annotations

from .audit import run_audit
from .corruptions import CORRUPTIONS, Corrupted, Corruption
from .injections import INJECTIONS, Injection
from .samples import AuditSample, choose_samples

__all__ = [
    "CORRUPTIONS",
    "INJECTIONS",
    "AuditSample",
    "Corrupted",
    "Corruption",
    "Injection",
    "choose_samples",
    "run_audit",
]
