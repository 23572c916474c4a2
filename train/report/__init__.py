"""RUN/report.html: a run at a glance, written anew while it trains. No server, no script.

curves.py   the losses as one SVG
page.py     the page around it: state, alarms, pictures, config
"""

from train.report.page import Status, write_report

__all__ = ["Status", "write_report"]
