"""The style sheet's promises: contrast of every pair of colours, sizes, reading from right to left."""

import re
from functools import cache
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "portal" / "static"
SHEET = (STATIC / "css" / "portal.css").read_text()
KB = 1024

# Text on its ground: at least 4.5 to 1 (WCAG 2.2, 1.4.3).
GROUNDS = ("paper", "surface", "sunken")
TEXT = [
    *(
        (text, ground)
        for ground in GROUNDS
        for text in ("ink", "ink-soft", "link", "link-strong", "accent-ink")
    ),
    *((text, ground) for ground in GROUNDS for text in ("good", "warning", "danger", "info")),
    *((text, "tint") for text in ("ink", "ink-soft", "link", "link-strong")),
    *((text, "accent-soft") for text in ("ink", "ink-soft", "link", "link-strong", "accent-ink")),
    *(
        (text, f"{kind}-soft")
        for kind in ("good", "warning", "danger", "info")
        for text in (kind, "ink", "link")
    ),
    ("ink", "mark"),
    ("on-primary", "primary"),
    ("on-primary", "primary-strong"),
    ("on-danger", "danger"),
    ("on-accent", "accent"),
    *(
        (text, ground)
        for ground in ("dusk", "dusk-deep")
        for text in ("on-dusk", "on-dusk-soft", "on-dusk-accent")
    ),
    ("on-dusk", "dusk-line"),
    *((f"code-{kind}", "sunken") for kind in ("keyword", "string", "number", "name", "comment")),
]
# Borders of fields, icons, focus: at least 3 to 1 (1.4.11, 2.4.13).
SHAPES = [
    *(("line-strong", ground) for ground in GROUNDS),
    *(("focus-ink", ground) for ground in (*GROUNDS, "tint", "accent-soft")),
    *(("focus", ground) for ground in ("dusk", "dusk-deep", "dusk-line")),
    ("primary", "paper"),
    ("accent", "dusk"),
    ("accent", "dusk-deep"),
]
DECORATION = {"line"}  # hairlines that nothing depends on


@cache
def tokens() -> dict[str, tuple[str, str]]:
    """Each colour token by day and by night."""
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", SHEET)
    return {name: (day, night) for name, day, night in found}


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def too_low(pairs, least):
    found = []
    for front, back in pairs:
        for number, time in enumerate(("by day", "by night")):
            ratio = contrast(tokens()[front][number], tokens()[back][number])
            if ratio < least:
                found.append(f"{front} on {back} {time}: {ratio:.2f}")
    return found


def test_contrast_is_measured_as_wcag_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_text_stands_out_from_its_ground():
    assert too_low(TEXT, 4.5) == []


def test_fields_and_focus_stand_out_from_their_ground():
    assert too_low(SHAPES, 3.0) == []


def test_one_ring_of_the_focus_shows_on_any_ground():
    filled = {"primary", "primary-strong", "danger", "accent", "mark"}  # the rings lie outside of these
    grounds = {back for _, back in (*TEXT, *SHAPES)} - filled
    for number in (0, 1):
        rings = [tokens()[name][number] for name in ("focus", "focus-ink")]
        for name in grounds:
            best = max(contrast(ring, tokens()[name][number]) for ring in rings)
            assert best >= 3, f"no ring of the focus shows on {name}"


def test_every_colour_is_in_a_pair():
    paired = {name for pair in (*TEXT, *SHAPES) for name in pair}
    assert set(tokens()) - paired - DECORATION == set()


def test_every_token_that_is_used_exists_and_every_one_that_exists_is_used():
    sheets = "".join(path.read_text() for path in sorted((STATIC / "css").glob("*.css")))
    defined = set(re.findall(r"(?<![\w-])--([\w-]+):", sheets))
    used = set(re.findall(r"var\(--([\w-]+)\)", sheets))
    assert used - defined == set()
    assert defined - used == set()


@pytest.mark.parametrize("folder", ["css", "js"])
def test_style_sheets_and_modules_stay_small(folder):
    limit = {"css": 60, "js": 40}[folder] * KB
    sizes = {path.name: path.stat().st_size for path in (STATIC / folder).rglob("*") if path.is_file()}
    assert sum(sizes.values()) <= limit, sizes


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=lambda path: path.name)
def test_pages_can_be_read_from_right_to_left(sheet):
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    physical = re.findall(
        r"(?:margin|padding|border|inset)-(?:left|right|top|bottom)\b[\w-]*:"
        r"|(?<![\w-])(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height)):"
        r"|(?:text-align|float|clear): (?:left|right)",
        re.sub(r"@media[^{]*\{", "", text),
    )
    assert physical == []


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=lambda path: path.name)
def test_style_sheets_fetch_nothing(sheet):
    assert not re.search(r"@import|url\(", sheet.read_text())


def test_everything_stands_in_the_layers_that_are_declared():
    order = re.search(r"^@layer ([^;{]+);", SHEET, flags=re.MULTILINE)
    assert order
    declared = [name.strip() for name in order.group(1).split(",")]
    assert declared == ["reset", "tokens", "base", "layout", "components", "utilities", "print"]
    outside = re.sub(r"/\*.*?\*/", "", SHEET, flags=re.DOTALL)
    assert re.findall(r"^@layer (\w+) \{", outside, flags=re.MULTILINE) == declared
    assert re.findall(r"^(?!@layer|\}|\s)(.+)", outside, flags=re.MULTILINE) == []


def test_motion_colours_and_paper_are_the_readers_choice():
    for question in ("prefers-reduced-motion: reduce", "forced-colors: active", "@media print"):
        assert question in SHEET
