"""What is shown beside plots: the report, the explorer."""
