/** Keys: / and Ctrl or Cmd K to the search box, ? help, g h home, g w writing, j k through a list.

    Single keys are off while typing, and for good when the switch on the help page is off. */
import { device } from "./memory.js";

const OFF = "single-keys-off";
const PAUSE_MS = 1200; // how long "g" waits for its second key
let first = "";
let since = 0;

function typing(target) {
  return Boolean(target.closest?.("input, textarea, select, [contenteditable]:not([contenteditable=false])"));
}

function toSearch() {
  const box = document.querySelector("[data-search]");
  box?.focus();
  box?.select();
  return Boolean(box);
}

function go(keys) {
  const link = document.querySelector(`a[data-keys="${keys}"]`);
  if (link) location.assign(link.dataset.target || link.href);
  return Boolean(link);
}

/** Moves to the next or previous item of the page's list; the link in it takes the focus. */
function move(step) {
  const items = [...document.querySelectorAll("[data-list] > *")];
  if (!items.length) return false;
  const here = items.findIndex((item) => item.contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : items.length - 1) : here + step;
  const item = items[Math.min(Math.max(next, 0), items.length - 1)];
  item.querySelector("[data-item], a, button")?.focus();
  item.scrollIntoView({ block: "nearest" });
  return true;
}

function single(key) {
  const waiting = first && Date.now() - since < PAUSE_MS;
  const pair = waiting ? `${first} ${key}` : "";
  first = "";
  if (pair) return go(pair);
  if (key === "g") {
    first = key;
    since = Date.now();
    return false;
  }
  if (key === "/") return toSearch();
  if (key === "?") return go("?");
  if (key === "j") return move(1);
  if (key === "k") return move(-1);
  return false;
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "k" && !event.shiftKey && toSearch()) event.preventDefault();
    return;
  }
  if (typing(event.target) || device.get(OFF)) return;
  if (single(key)) event.preventDefault();
}

function offerSwitch() {
  const place = document.querySelector("[data-keys-switch]");
  const box = place?.querySelector("input");
  if (!box) return;
  place.hidden = false;
  box.checked = !device.get(OFF);
  box.addEventListener("change", () => device.set(OFF, box.checked ? "" : "1"));
}

export function start() {
  document.addEventListener("keydown", pressed);
  offerSwitch();
}
