"""Ways of exchange beside the files, measured with the same pictures. A way is a writer and a reader (`base`)."""
