"""Tables that guests read, one line per row, made from what packages carry."""

from cache import FetchError

def write_labels(names, file):
    """`names` is a list, or an object from index to name. One name per line, in index order."""
    if isinstance(names, dict):
        names = [names[str(index)] for index in range(len(names))]
    if len(names) != 1000:
        raise FetchError(f"1000 ImageNet class names were wanted and {len(names)} came.")
    file.write_text("".join(f"{name}\n" for name in names), "utf-8")


FILE_TYPES = "name, text or binary, threshold, kept as, media type, description"


def write_file_types(config, kinds, file):
    """One line per output of magika's network, then those that are said without it (FILE_TYPES)."""
    labels = config["target_labels_space"]
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        for name in labels + [each for each in ("unknown", "empty") if each not in labels]:
            kind = kinds[name]
            cells = (
                name,
                "text" if kind["is_text"] else "binary",
                config["thresholds"].get(name, config["medium_confidence_threshold"]),
                config["overwrite_map"].get(name, name),
                kind["mime_type"],
                kind["description"],
            )
            out.write("\t".join(map(str, cells)) + "\n")
