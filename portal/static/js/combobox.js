/** The search box suggests while somebody types: an editable combobox with a list, nothing chosen by itself.

    Articles, teams and topics come from the portal; recent searches are one's own and stay in this tab.
    Whatever fails, the box stays a box: Enter sends what was typed. */
import { recent } from "./recent.js";

const WAIT_MS = 120; // after the last key
const SAY_MS = 500; // a list is read out when the typing rests
const MOST = 8;
const LONGEST = 200; // what is typed now stands at the end
const ONE_LETTER = /^[\0-\u058f]$/; // says nothing yet, unlike one sign of Chinese
let boxes = 0;

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** `text` as pieces, the one that was typed marked. */
function pieces(text, typed) {
  const at = text.toLowerCase().indexOf(typed.toLowerCase());
  if (!typed || at < 0) return [[text, false]];
  return [[text.slice(0, at), false], [text.slice(at, at + typed.length), true], [text.slice(at + typed.length), false]];
}

function option(id, item) {
  const title = element("span", { class: "suggest__title", lang: item.lang, dir: item.lang && "auto" });
  for (const [text, marked] of item.parts) title.append(marked ? element("mark", {}, text) : text);
  const made = item.url
    ? element("a", { href: item.url }, title)
    : element("button", { type: "button" }, title);
  if (item.note) made.append(element("span", { class: "suggest__note" }, item.note));
  for (const [name, value] of Object.entries({ id, role: "option", tabindex: "-1", "aria-selected": "false" })) {
    made.setAttribute(name, value);
  }
  made.className = item.url ? "suggest__item" : "suggest__item suggest__item--do";
  return made;
}

class Suggestions {
  constructor(box) {
    this.box = box;
    this.id = `suggestions-${++boxes}`;
    this.list = element("div", { id: this.id, class: "suggest", role: "listbox", "aria-label": "Suggestions", hidden: "hidden" });
    this.status = element("div", { class: "visually-hidden", role: "status" });
    this.here = -1; // the option that the arrows are on
    this.shown = ""; // the text that the list belongs to
    this.timers = {};
    box.form.append(this.list, this.status);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.id,
    })) box.setAttribute(name, value);
    box.addEventListener("input", (event) => { if (!event.isComposing) this.typed(); });
    box.addEventListener("compositionend", () => this.typed());
    box.addEventListener("focus", () => { if (!this.text) this.offerRecent(); });
    box.addEventListener("click", () => { if (!this.text && !this.open) this.offerRecent(); });
    box.addEventListener("blur", () => this.close());
    box.addEventListener("keydown", (event) => this.pressed(event));
    box.form.addEventListener("submit", () => {
      recent.add(this.text);
      this.close();
    });
    // the focus stays in the box while something in the list is pressed
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.clicked(event));
    addEventListener("pagehide", () => this.close());
  }

  get text() { return this.box.value.trim().replace(/\s+/g, " "); }

  get open() { return !this.list.hidden; }

  get options() { return [...this.list.querySelectorAll("[role=option]")]; }

  typed() {
    this.forgetAnswers();
    this.mark(-1);
    if (!this.text) return this.offerRecent();
    if (ONE_LETTER.test(this.text)) return this.close();
    this.timers.ask = setTimeout(() => this.ask(), WAIT_MS);
  }

  /** No answer that is still on its way will be shown. */
  forgetAnswers() {
    clearTimeout(this.timers.ask);
    this.running?.abort();
    this.running = null;
  }

  async ask() {
    const own = recent.like(this.text).map((words) => this.again(words, this.text));
    const running = this.running = new AbortController();
    let groups = null;
    try {
      const address = `${this.box.dataset.suggest}?${new URLSearchParams({ q: this.box.value.slice(-LONGEST) })}`;
      const answer = await fetch(address, { signal: running.signal, redirect: "error" });
      if (answer.ok) groups = (await answer.json()).groups;
    } catch {
      if (running.signal.aborted) return; // typed on, or left
    }
    if (this.running !== running) return;
    this.running = null;
    if (!groups && !own.length) return this.close();
    let room = MOST - own.length;
    const cut = (groups ?? []).map(({ label, items }) => {
      const kept = items.slice(0, room);
      room -= kept.length;
      return { label, items: kept };
    });
    this.show([{ label: "Recent searches", items: own }, ...cut], "suggestion");
  }

  again(words, typed = "") {
    const address = `${this.box.form.getAttribute("action")}?${new URLSearchParams({ q: words })}`;
    return { parts: pieces(words, typed), url: address };
  }

  offerRecent() {
    this.forgetAnswers();
    const items = recent.all().map((words) => this.again(words));
    if (!items.length) return this.close();
    this.show([
      { label: "Recent searches", items },
      { label: "", items: [{ parts: [["Clear recent searches", false]] }] },
    ], "recent search", items.length);
  }

  show(groups, what, count = groups.reduce((sum, group) => sum + group.items.length, 0)) {
    if (document.activeElement !== this.box) return;
    let number = 0;
    const filled = groups.filter((group) => group.items.length);
    this.list.replaceChildren(...filled.map(({ label, items }, place) => {
      const name = `${this.id}-group-${place}`;
      const title = label && element("div", { id: name, class: "suggest__label", role: "presentation" }, label);
      return element("div", { class: "suggest__group", role: label && "group", "aria-labelledby": label && name },
        ...(title ? [title] : []), ...items.map((item) => option(`${this.id}-${number++}`, item)));
    }));
    this.shown = this.box.value;
    this.expand(count > 0);
    const plural = what.endsWith("search") ? `${what}es` : `${what}s`;
    this.say(count ? `${count} ${count === 1 ? what : plural}` : "No suggestions");
  }

  expand(open) {
    this.list.hidden = !open;
    this.list.scrollTop = 0;
    this.box.setAttribute("aria-expanded", String(open));
    this.mark(-1);
  }

  close() {
    this.forgetAnswers();
    this.say("");
    if (this.open) this.expand(false);
  }

  say(text) {
    clearTimeout(this.timers.say);
    if (!text) this.status.textContent = "";
    else this.timers.say = setTimeout(() => { this.status.textContent = text; }, SAY_MS);
  }

  /** Puts the arrows on an option; -1 is the box itself. */
  mark(place) {
    const options = this.options;
    options[this.here]?.setAttribute("aria-selected", "false");
    this.here = place;
    if (place < 0) return this.box.removeAttribute("aria-activedescendant");
    options[place].setAttribute("aria-selected", "true");
    options[place].scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", options[place].id);
  }

  pressed(event) {
    // 229: Safari has ended composing when the key that ended it comes
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
    const act = this.keys()[event.key];
    if (!act || act(event) === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** What keys do; one that gives false is left to the browser. */
  keys() {
    return {
      ArrowDown: (event) => this.step(1, event.altKey),
      ArrowUp: (event) => (event.altKey ? this.close() : this.step(-1)),
      Enter: () => this.here >= 0 && this.options[this.here].click(),
      Escape: () => this.back(),
      Tab: () => { this.close(); return false; },
      Home: () => { this.mark(-1); return false; },
      End: () => { this.mark(-1); return false; },
      ArrowLeft: () => { this.mark(-1); return false; },
      ArrowRight: () => { this.mark(-1); return false; },
    };
  }

  /** One option on or back; past either end is the box. A closed list is opened first. */
  step(by, only = false) {
    if (!this.open) return this.reopen(only ? 0 : by);
    if (only) return;
    const stops = this.options.length + 1;
    this.mark(((this.here + 1 + by + stops) % stops) - 1);
  }

  async reopen(by) {
    this.forgetAnswers();
    if (!this.text) this.offerRecent();
    else if (this.options.length && this.shown === this.box.value) this.expand(true);
    else await this.ask();
    if (this.open && by) this.mark(by > 0 ? 0 : this.options.length - 1);
  }

  /** Escape closes the list, and empties the box when there is none. */
  back() {
    if (this.open) return this.close();
    if (!this.box.value) return false;
    this.box.value = "";
    this.close();
  }

  clicked(event) {
    const chosen = event.target.closest("button");
    if (chosen) {
      recent.clear();
      this.close();
      this.say("Recent searches cleared");
      this.box.focus();
    } else if (!event.ctrlKey && !event.metaKey && !event.shiftKey && event.target.closest("a")) {
      this.close();
    }
  }
}

export function start() {
  for (const box of document.querySelectorAll("[data-suggest]")) new Suggestions(box);
}
