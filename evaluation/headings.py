"""The columns and sections of PTBench's tables, and how the paper calls them."""

from __future__ import annotations

COLUMNS = {
    "format_ok": "Format",
    "platform": "Platform",
    "query_params": "Query",
    "profile_params": "Profile",
    "tool_name": "T-name",
    "tool_param": "T-param",
    "tool_value": "T-value",
    "overall": "Overall",
}
"""Column -> its heading, as in Table 1."""

SECTIONS = {
    "overall": "Overall",
    "trained": "Trained users",
    "untrained": "Untrained users",
    "unseen": "Unseen scenarios",
    "all": "All samples",
}
"""Section -> its name."""
