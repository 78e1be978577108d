/** Menus made of <details data-menu> close on Escape, on a click elsewhere and when the focus leaves. */
function openMenus() {
  return document.querySelectorAll("details[data-menu][open]");
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  for (const kind of ["click", "focusin"]) {
    document.addEventListener(kind, (event) => {
      for (const menu of openMenus()) {
        if (!menu.contains(event.target)) menu.open = false;
      }
    });
  }
}
