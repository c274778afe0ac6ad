"""The measures of the book: values of each sample, gathered into intervals, and sums over them."""
