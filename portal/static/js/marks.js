/** The words that were marked in a result are marked in the article that it opens, until Escape.

    The words stay in this tab. The page itself is not changed: the browser paints the marks. */
import { own, tab } from "./memory.js";

const NAME = own("found-words");
const MOST = 300;

function remember(event) {
  const item = event.target.closest?.(".result a") && event.target.closest(".result");
  if (!item) return;
  const own = [...item.querySelectorAll("mark")].map((mark) => mark.textContent.trim());
  // results further down show no marks: theirs are the words that match the same question
  const all = item.closest("[data-words]")?.dataset.words.split("|") ?? [];
  const words = [...own, ...all].filter(Boolean);
  tab.set(NAME, JSON.stringify({ path: new URL(event.target.closest("a").href).pathname, words }));
}

function wordsHere() {
  try {
    const kept = JSON.parse(tab.get(NAME) || "{}");
    return kept.path === location.pathname ? kept.words : [];
  } catch {
    return [];
  }
}

function rangesOf(words, root) {
  const escaped = [...new Set(words)].sort((one, other) => other.length - one.length).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const ranges = [];
  while (walker.nextNode() && ranges.length < MOST) {
    for (const found of walker.currentNode.data.matchAll(pattern)) {
      const range = new Range();
      range.setStart(walker.currentNode, found.index);
      range.setEnd(walker.currentNode, found.index + found[0].length);
      ranges.push(range);
    }
  }
  return ranges;
}

/** In a long section that has just been opened the first mark may be below the screen: then go there. */
function lookAt(ranges) {
  const heading = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!heading || performance.getEntriesByType("navigation")[0]?.type !== "navigate") return;
  const level = Number(heading.tagName.slice(1));
  const ends = [...document.querySelectorAll(".prose > :is(h2, h3, h4, h5, h6)")].find((other) =>
    Number(other.tagName.slice(1)) <= level && heading.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  const first = ranges.find((range) => range.comparePoint(heading, 0) < 0 && !(ends && range.comparePoint(ends, 0) < 0));
  if (!first) return;
  const place = first.startContainer.parentElement;
  const show = () => {
    const box = first.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) place.scrollIntoView({ block: "center", behavior: "instant" });
  };
  // after the browser has gone to the heading
  addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(show)), { once: true });
}

export function start() {
  document.addEventListener("click", remember);
  document.addEventListener("auxclick", remember);
  const root = document.querySelector(".prose");
  const words = wordsHere();
  if (!root || !words.length || !globalThis.CSS?.highlights) return;
  const ranges = rangesOf(words, root);
  CSS.highlights.set("found", new Highlight(...ranges));
  lookAt(ranges);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    CSS.highlights.delete("found");
    tab.remove(NAME);
  });
}
