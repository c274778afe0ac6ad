"""What a mapping file says of tables, and how tables of any layout become the lines that the kernels read."""

from typing import Final

FILE_NAME: Final = "mapping.toml"
