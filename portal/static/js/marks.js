/** The words that were marked in a result are marked in the article that it opens, until Escape.

    The words stay in this tab. The page itself is not changed: the browser paints the marks. */
import { tab } from "./memory.js";

const NAME = "found-words";
const MOST = 300;

function remember(event) {
  const item = event.target.closest?.(".result a") && event.target.closest(".result");
  if (!item) return;
  const words = [...item.querySelectorAll("mark")].map((mark) => mark.textContent.trim()).filter(Boolean);
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
  const escaped = [...new Set(words)].map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
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

export function start() {
  document.addEventListener("click", remember);
  document.addEventListener("auxclick", remember);
  const root = document.querySelector(".prose");
  const words = wordsHere();
  if (!root || !words.length || !globalThis.CSS?.highlights) return;
  CSS.highlights.set("found", new Highlight(...rangesOf(words, root)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    CSS.highlights.delete("found");
    tab.remove(NAME);
  });
}
