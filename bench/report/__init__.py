"""From tables and maps to what a scientist reads: figures, findings, the HTML page."""
