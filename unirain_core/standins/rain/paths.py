"""Where a picture stands: the layouts of the six datasets, as the catalogue reads them, and of `real`."""

from dataclasses import dataclass

from unirain_core.standins.rain.items import Item

_LAYOUTS: dict[str, tuple[str, str]] = {
    "rain200l": (
        "rain_data_{role}_Light/rain/X2/norain-{number}x2.png",
        "rain_data_{role}_Light/norain/norain-{number}.png",
    ),
    "raindrop": ("{role}/data/{number}_rain.png", "{role}/gt/{number}_clean.png"),
    "gtav-nightrain": ("set1/{role}/Rainy/{number}_00.png", "set1/{role}/GT/{number}.png"),
    "hq-nightrain": ("{subset}/{role}/input/{number}.png", "{subset}/{role}/target/{number}.png"),
    "gt-rain": (
        "GT-RAIN_{role}/scene_{photo}/scene_{photo}-Webcam-R-{running:03d}.png",
        "GT-RAIN_{role}/scene_{photo}/scene_{photo}-Webcam-C-{running:03d}.png",
    ),
    "rainrag": ("{role}/{rain_type}/input/{number}.png", "{role}/{rain_type}/target/{number}.png"),
    "real": ("{number}.png", ""),
}
_ROLES = {
    "raindrop": {"train": "train", "test": "test_a"},
    "gtav-nightrain": {"train": "Train", "test": "Test"},
    "rainrag": {"train": "Train", "test": "Test"},
}
DATASETS = tuple(_LAYOUTS)


@dataclass(frozen=True, slots=True)
class Place:
    """Paths relative to the corpus's folder, with `/`; the first part is the dataset's folder."""

    input: str
    target: str | None
    """None for a photo of `real`."""


def place(item: Item) -> Place:
    """Where an item's files stand; the number in their names is photo x 1000 + running number."""
    rainy, clean = _LAYOUTS[item.dataset]
    words = {
        "role": _ROLES.get(item.dataset, {}).get(item.role, item.role),
        "number": item.photo * 1000 + item.running,
        "photo": item.photo,
        "running": item.running,
        "subset": "RD" if item.drops else "RS",
        "rain_type": item.rain_type,
    }
    filled = [
        f"{item.dataset}/{template.format(**words)}" if template else None for template in (rainy, clean)
    ]
    return Place(input=str(filled[0]), target=filled[1])
