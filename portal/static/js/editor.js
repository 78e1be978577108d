/** The editor: a toolbar, a preview that follows the text, and a copy of unsent text kept in this tab. */
import { mark } from "./marks_in_text.js";
import { tab } from "./memory.js";

const WAIT_MS = 500;
const KEPT = ["title", "answer", "body", "questions", "keywords", "note"];

function startToolbar(form) {
  const bar = form.querySelector("[data-toolbar]");
  const area = form.elements.body;
  const buttons = [...bar.querySelectorAll("button")];
  area.before(bar); // between the hint and the text
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) mark(area, button.dataset.mark);
  });
  // one stop for the Tab key, arrows inside
  bar.addEventListener("keydown", (event) => {
    const here = buttons.indexOf(document.activeElement);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next === undefined || here < 0) return;
    event.preventDefault();
    const target = buttons[(next + buttons.length) % buttons.length];
    for (const button of buttons) button.tabIndex = button === target ? 0 : -1;
    target.focus();
  });
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    const name = { b: "bold", i: "italic" }[event.key.toLowerCase()];
    if (!name) return;
    event.preventDefault();
    mark(area, name);
  });
}

function startPreview(form) {
  const panel = form.querySelector("[data-preview]");
  const status = panel.querySelector("[data-status]");
  const side = form.querySelector(".editor__side");
  let timer = 0;
  let running = null;

  function show(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const scrolled = side.scrollTop;
    for (const part of page.querySelectorAll("[data-part]")) {
      form.querySelector(`[data-part="${part.dataset.part}"]`)?.replaceChildren(...part.childNodes);
    }
    side.scrollTop = scrolled;
  }

  async function refresh() {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(form.dataset.previewUrl, {
        method: "POST", body: new FormData(form), signal: running.signal,
      });
      if (!answer.headers.get("X-Fragment")) throw new Error(String(answer.status));
      show(await answer.text());
      status.textContent = "";
    } catch (error) {
      if (error.name === "AbortError") return;
      status.textContent = navigator.onLine === false
        ? "There is no connection, so the preview waits. This tab keeps what you type."
        : "The preview is not available at this moment. This tab keeps what you type.";
    }
  }

  panel.hidden = false;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, WAIT_MS);
  });
  form.querySelector('button[value="preview"]')?.addEventListener("click", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    await refresh();
    const title = panel.querySelector("h2");
    title.focus({ preventScroll: true });
    title.scrollIntoView({ block: "nearest" });
  });
  refresh();
}

/** Text that was typed and not saved comes back after a lost sign-in, connection or tab. */
function startKeeping(form) {
  // whoever signs in next in this tab must not be offered, or find, what somebody else typed
  const mine = `writing ${form.dataset.me} `;
  for (const old of tab.names()) {
    if (old.startsWith("writing ") && !old.startsWith(mine)) tab.remove(old);
  }
  const name = `${mine}${form.action}`;
  const saved = form.dataset.done.split(" ");
  const texts = () => Object.fromEntries(KEPT.map((field) => [field, form.elements[field].value]));
  const started = JSON.stringify(texts());
  let timer = 0;

  function keep() {
    if (JSON.stringify(texts()) === started) return;
    const { version, form_id: id } = form.elements;
    tab.set(name, JSON.stringify({ id: id.value, version: version.value, texts: texts() }));
  }

  function offer(kept) {
    const box = document.querySelector("[data-kept]");
    if (!box) return;
    box.hidden = false;
    box.querySelector("[data-kept-take]").addEventListener("click", () => {
      for (const field of KEPT) form.elements[field].value = kept.texts[field] ?? "";
      // based on what was seen then: if somebody saved since, both texts are shown
      form.elements.version.value = kept.version;
      box.hidden = true;
      form.dispatchEvent(new Event("input", { bubbles: true }));
      form.elements.title.focus();
    });
    box.querySelector("[data-kept-drop]").addEventListener("click", () => {
      tab.remove(name);
      box.hidden = true;
      form.elements.title.focus();
    });
  }

  let kept = null;
  try { kept = JSON.parse(tab.get(name) ?? "null"); } catch { tab.remove(name); }
  if (kept && saved.includes(kept.id)) tab.remove(name);
  else if (kept && kept.id !== form.elements.form_id.value && JSON.stringify(kept.texts) !== started) offer(kept);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, WAIT_MS);
  });
  addEventListener("pagehide", keep);
}

const form = document.querySelector("[data-editor]");
if (form) {
  for (const start of [startToolbar, startPreview, startKeeping]) {
    try { start(form); } catch (error) { console.error(error); }
  }
}
