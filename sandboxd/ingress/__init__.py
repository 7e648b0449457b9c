"""What the ingress machines run: parts of sandboxes become Envoy's files, a script that delivers them, and one that reports.

Pure: text in, text out. Who asks for which parts, sends a script to a machine or waits for it, is decided elsewhere.
"""
