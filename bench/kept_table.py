"""Tables of measurements that are kept in the tree, one row a key."""

import csv


def read(path, keys):
    """(values of the keys) -> row, as text; empty where there is no table yet."""
    if not path.exists():
        return {}
    with open(path, newline="") as file:
        return {tuple(row[k] for k in keys): row for row in csv.DictReader(file)}


def write(path, columns, kept):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(kept.items()))
