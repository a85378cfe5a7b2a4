"""The object browser: containers, folders, upload by drag and drop (large files in segments that
a broken upload resumes), preview, temporary URLs."""

from dashboard.panels.objects import browse, transfer
from dashboard.panels.objects.panel import panel

__all__ = ["browse", "panel", "transfer"]
