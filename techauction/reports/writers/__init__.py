"""How reports are written down: JSON, CSV, text and workbooks."""
