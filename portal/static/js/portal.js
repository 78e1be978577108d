/** The entry: what every page needs. Pages work without it; one part that fails leaves the others alone. */
import * as combobox from "./combobox.js";
import * as contents from "./contents.js";
import * as copy from "./copy.js";
import * as fields from "./fields.js";
import * as marks from "./marks.js";
import * as menu from "./menu.js";
import * as shortcuts from "./shortcuts.js";
import * as theme from "./theme.js";

for (const part of [fields, menu, theme, shortcuts, combobox, copy, contents, marks]) {
  try {
    part.start();
  } catch (error) {
    console.error(error);
  }
}
