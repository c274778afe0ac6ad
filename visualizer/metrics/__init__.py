"""What is measured: for Prometheus and for the monitoring panel."""
