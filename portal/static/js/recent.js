/** One's own searches of this sitting, newest first. They never leave this tab. */
import { own, tab } from "./memory.js";

const NAME = own("searches");
const MOST = 6;
const MATCHING = 2;

function same(one, other) {
  return one.localeCompare(other, undefined, { sensitivity: "base" }) === 0;
}

export const recent = {
  all() {
    try {
      const kept = JSON.parse(tab.get(NAME) ?? "[]");
      return kept.filter((words) => typeof words === "string").slice(0, MOST);
    } catch {
      return [];
    }
  },

  /** Those in which a word begins with what is typed; not the very same text. */
  like(typed) {
    const start = typed.toLocaleLowerCase();
    const begins = (words) => ` ${words.toLocaleLowerCase()}`.includes(` ${start}`);
    return this.all().filter((words) => begins(words) && !same(words, typed)).slice(0, MATCHING);
  },

  add(words) {
    if (!words) return;
    tab.set(NAME, JSON.stringify([words, ...this.all().filter((old) => !same(old, words))].slice(0, MOST)));
  },

  clear() { tab.remove(NAME); },
};
