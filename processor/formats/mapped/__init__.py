"""Mapping files, and the rewriting of tables of any layout into the lines that the kernels read."""

from typing import Final

FILE_NAME: Final = "mapping.toml"
