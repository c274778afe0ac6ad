"""The page's components and figures as they start; they hold no data."""
