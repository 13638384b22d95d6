"""How Django writes numbers and dates in each of our languages (``FORMAT_MODULE_PATH``)."""
