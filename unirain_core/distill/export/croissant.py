"""The Croissant 1.1 description of an export, which data loaders of several frameworks read."""

from collections.abc import Mapping, Sequence

from unirain_core.artefacts.report import Json
from unirain_core.distill.export.card import Card, description

_TERMS = (
    "citeAs column conformsTo equivalentProperty extract field fileObject fileProperty fileSet format includes "
    "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator "
    "source subField transform"
)
"""Words of Croissant's own vocabulary; its specification requires that every description maps them."""

_FORMATS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def croissant(
    card: Card, *, files: Sequence[Mapping[str, str]], columns: Mapping[str, str], suffixes: Sequence[str]
) -> Json:
    """The description as JSON-LD.

    Args:
        card: the facts of the export, with its counts.
        files: `name`, `encodingFormat` and `sha256` of pairs.csv and of each shard.
        columns: of pairs.csv, each with its type in the words of schema.org.
        suffixes: of the picture files in folders, with their dots.
    """
    objects = [{"@type": "cr:FileObject", "@id": f["name"], "contentUrl": f["name"], **f} for f in files]
    citations = [source.citation for source in card.sources.values() if source.citation]
    licences = sorted({f"{source.terms} ({name})" for name, source in card.sources.items()})
    return {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": f"unirain-{card.name}",
        "description": description(card),
        "datePublished": card.date,
        "version": "1.0.0",
        "license": licences,
        "citeAs": "; ".join(dict.fromkeys(citations)) or "no citation found",
        "distribution": [*objects, *(_file_set(suffix) for suffix in suffixes)],
        "recordSet": [_pairs(columns), *(_pictures(suffix) for suffix in suffixes)],
    }


def _context() -> Json:
    json_terms = {name: {"@id": f"cr:{name}", "@type": "@json"} for name in ("data", "examples")}
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
        **{name: f"cr:{name}" for name in _TERMS.split()},
        "conformsTo": "dct:conformsTo",
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        **json_terms,
    }


def _file_set(suffix: str) -> Json:
    return {
        "@type": "cr:FileSet",
        "@id": _name_of(suffix),
        "name": _name_of(suffix),
        "description": f"rainy (input) and clean (target) pictures whose names end in {suffix}",
        "encodingFormat": _FORMATS[suffix],
        "includes": f"*/*/*{suffix}",
    }


def _pairs(columns: Mapping[str, str]) -> Json:
    fields: list[Json] = []
    for name, kind in columns.items():
        source: Json = {"fileObject": {"@id": "pairs.csv"}, "extract": {"column": name}}
        fields.append(_field("pairs", name, kind, source))
    return {
        "@type": "cr:RecordSet",
        "@id": "pairs",
        "name": "pairs",
        "key": {"@id": "pairs/pair_id"},
        "field": fields,
    }


def _pictures(suffix: str) -> Json:
    """The pictures of one suffix, with the path that pairs.csv names."""
    files: Json = {"@id": _name_of(suffix)}
    name = f"{_name_of(suffix)}-records"
    path = _field(name, "path", "sc:Text", {"fileSet": files, "extract": {"fileProperty": "fullpath"}})
    content = _field(
        name, "content", "sc:ImageObject", {"fileSet": files, "extract": {"fileProperty": "content"}}
    )
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": [path, content]}


def _field(record_set: str, name: str, kind: str, source: Json) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": name,
        "dataType": kind,
        "source": source,
    }


def _name_of(suffix: str) -> str:
    return f"pictures-{suffix.removeprefix('.')}"
