"""What rested at each price over time: the heatmap's columns, whole for a table and as changes for a replay."""
