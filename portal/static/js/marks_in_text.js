/** Puts Markdown marks around or before the selected text of a textarea; the browser's undo takes them back. */

const TABLE = "| What | Where |\n| --- | --- |\n| First | Here |\n| Second | There |";

function replace(area, start, end, text, from, to) {
  area.focus();
  area.setSelectionRange(start, end);
  // insertText keeps the undo history; the other way is for browsers that do not know it
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, start, end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  area.setSelectionRange(start + from, start + to);
}

function around(mark, example) {
  return (area, start, end) => {
    const text = area.value.slice(start, end);
    const size = mark.length;
    if (text.length >= 2 * size && text.startsWith(mark) && text.endsWith(mark)) {
      const bare = text.slice(size, -size);
      return replace(area, start, end, bare, 0, bare.length);
    }
    const inner = text || example;
    return replace(area, start, end, mark + inner + mark, size, size + inner.length);
  };
}

/** The whole lines that the selection touches. */
function lines(area, start, end) {
  const first = area.value.lastIndexOf("\n", start - 1) + 1;
  const next = area.value.indexOf("\n", end > start && area.value[end - 1] === "\n" ? end - 1 : end);
  return [first, next < 0 ? area.value.length : next];
}

const ANY = /^(#{1,6}|\d+[.)]|[-*+]) +/;

function before(pattern, markOf, example) {
  return (area, start, end) => {
    const [first, last] = lines(area, start, end);
    const rows = area.value.slice(first, last).split("\n");
    const marked = rows.every((row) => pattern.test(row));
    const filled = rows.length === 1 && !rows[0].trim() ? [example] : rows;
    const text = marked
      ? rows.map((row) => row.replace(pattern, "")).join("\n")
      : filled.map((row, index) => markOf(index) + row.replace(ANY, "")).join("\n");
    replace(area, first, last, text, marked ? 0 : markOf(0).length, text.length);
  };
}

/** A block of its own: empty lines before and after it where there are none. */
function block(make, select) {
  return (area, start, end) => {
    const text = area.value.slice(start, end);
    const head = area.value.slice(0, start);
    const tail = area.value.slice(end);
    const lead = !head || head.endsWith("\n\n") ? "" : head.endsWith("\n") ? "\n" : "\n\n";
    const trail = !tail || tail.startsWith("\n\n") ? "" : tail.startsWith("\n") ? "\n" : "\n\n";
    const made = make(text);
    const chosen = select(text);
    const from = lead.length + made.indexOf(chosen);
    replace(area, start, end, lead + made + trail, from, from + chosen.length);
  };
}

function link(area, start, end) {
  const text = area.value.slice(start, end);
  const isAddress = /^(https?:\/\/|\/)\S+$/.test(text);
  const label = isAddress ? "text" : text || "text";
  const address = isAddress ? text : "address";
  const made = `[${label}](${address})`;
  const from = isAddress ? 1 : label.length + 3;
  replace(area, start, end, made, from, from + (isAddress ? label : address).length);
}

const fence = block((text) => `\`\`\`\n${text || "code"}\n\`\`\``, (text) => text || "code");
const inline = around("`", "code");

export const marks = {
  bold: around("**", "bold"),
  italic: around("*", "italic"),
  heading: before(/^#{1,6} +/, () => "## ", "Heading"),
  steps: before(/^\d+[.)] +/, (index) => `${index + 1}. `, "First step"),
  list: before(/^[-*+] +/, () => "- ", "Item"),
  link,
  code: (area, start, end) => (area.value.slice(start, end).includes("\n") ? fence : inline)(area, start, end),
  table: block(() => TABLE, () => "First"),
  note: block(
    (text) => `!!! note "Good to know"\n${(text || "Text").split("\n").map((row) => `    ${row}`).join("\n")}`,
    () => "Good to know",
  ),
};

export function mark(area, name) {
  marks[name]?.(area, area.selectionStart, area.selectionEnd);
}
