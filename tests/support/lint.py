"""What every HTML page must fulfil. Each rule yields problems in words; no problems, no yield."""

from collections import Counter
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from tests.support.html import Parsed, elements, select, text_of

Rule = Callable[[Parsed], Iterator[str]]

UNLABELLED_TYPES = frozenset({"hidden", "submit", "button", "reset", "image"})


def problems(page: Parsed) -> list[str]:
    """Everything wrong with a page, in words; empty for a good one."""
    return [problem for rule in RULES for problem in rule(page)]


def _parses(page: Parsed) -> Iterator[str]:
    yield from (f"does not parse: {error}" for error in page.errors)


def _language(page: Parsed) -> Iterator[str]:
    if not page.root.get("lang"):
        yield "<html> has no lang"


def _heading_and_title(page: Parsed) -> Iterator[str]:
    headings = select(page.root, "h1")
    titles = select(page.root, "head > title")
    if len(headings) != 1:
        yield f"has {len(headings)} h1, not one"
        return
    heading = text_of(headings[0])
    title = text_of(titles[0]) if titles else ""
    if not heading:
        yield "the h1 is empty"
    elif not title.startswith(heading):
        yield f"title {title!r} does not start with the h1 {heading!r}"


def _heading_order(page: Parsed) -> Iterator[str]:
    level = 1
    for node in elements(page.root):
        if node.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            mine = int(str(node.tag)[1])
            if mine > level + 1:
                yield f"<{node.tag}> {text_of(node)!r} follows a heading of level {level}"
            level = mine


def _unique_ids(page: Parsed) -> Iterator[str]:
    counts = Counter(node.get("id") for node in elements(page.root) if node.get("id") is not None)
    yield from (f"id {name!r} is there {count} times" for name, count in counts.items() if count > 1)


def _references(page: Parsed) -> Iterator[str]:
    """What points at an id within the page must find it."""
    ids = {node.get("id") for node in elements(page.root)}
    for node in elements(page.root):
        for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list"):
            for name in (node.get(attribute) or "").split():
                if name not in ids:
                    yield f"<{node.tag} {attribute}={name!r}> points at no element"
        href = node.get("href") or ""
        if node.tag == "a" and href.startswith("#") and href != "#" and href[1:] not in ids:
            yield f"link {href!r} points at no element"


def _labels(page: Parsed) -> Iterator[str]:
    parents = {child: node for node in page.root.iter() for child in node}
    labelled = {node.get("for") for node in select(page.root, "label[for]") if text_of(node)}
    for field in select(page.root, "input, select, textarea"):
        if field.tag == "input" and field.get("type", "text") in UNLABELLED_TYPES:
            continue
        if field.get("aria-label") or field.get("aria-labelledby") or field.get("id") in labelled - {None}:
            continue
        if not _inside_label(field, parents):
            yield f"<{field.tag} name={field.get('name')!r}> has no label"


def _inside_label(field: Element, parents: dict[Element, Element]) -> bool:
    above = parents.get(field)
    while above is not None:
        if above.tag == "label":
            chosen = " ".join(text_of(part) for part in select(above, "select, textarea, button"))
            return len(text_of(above)) > len(chosen)
        above = parents.get(above)
    return False


def _nothing_inline(page: Parsed) -> Iterator[str]:
    for node in elements(page.root):
        if node.tag == "style":
            yield "has an inline <style>"
        if node.tag == "script" and not node.get("src"):
            yield "has an inline <script>"
        for name, value in node.attrib.items():
            if name == "style":
                yield f"<{node.tag}> has a style attribute"
            elif str(name).startswith("on"):
                yield f"<{node.tag}> has the attribute {name}"
            elif name in ("href", "src", "action", "formaction") and _scripted(value):
                yield f"<{node.tag} {name}={value!r}> runs a script"


def _scripted(address: str) -> bool:
    compact = "".join(address.split()).lower()
    return compact.startswith(("javascript:", "vbscript:", "data:text/html"))


def _nothing_foreign(page: Parsed) -> Iterator[str]:
    for node in select(page.root, "script[src], link[href], img[src], iframe, object, embed"):
        address = node.get("src") or node.get("href") or ""
        if address.startswith(("http:", "https:", "//")) and node.get("rel") != "canonical":
            yield f"<{node.tag}> fetches {address!r} from elsewhere"


def _forms(page: Parsed) -> Iterator[str]:
    for form in select(page.root, "form"):
        method = form.get("method", "get").lower()
        token = select(form, "input[name=csrf_token]")
        if method == "post" and not (token and token[0].get("value")):
            yield f"POST form to {form.get('action')!r} has no csrf_token"
        if method == "get" and token:
            yield f"GET form to {form.get('action')!r} puts the csrf_token into the address"


def _images(page: Parsed) -> Iterator[str]:
    for image in select(page.root, "img"):
        if image.get("alt") is None:
            yield f"<img src={image.get('src')!r}> has no alt"


def _names(page: Parsed) -> Iterator[str]:
    """Links and buttons must say what they do."""
    for node in select(page.root, "a[href], button, summary"):
        images = " ".join(image.get("alt") or "" for image in select(node, "img"))
        icons = " ".join(icon.get("aria-label") or "" for icon in select(node, "svg"))
        if not (text_of(node) or node.get("aria-label") or images.strip() or icons.strip()):
            yield f"<{node.tag} href={node.get('href')!r}> has no text"


RULES: tuple[Rule, ...] = (
    _parses,
    _language,
    _heading_and_title,
    _heading_order,
    _unique_ids,
    _references,
    _labels,
    _nothing_inline,
    _nothing_foreign,
    _forms,
    _images,
    _names,
)
