/** Small help in forms: the summary of errors takes the focus, passwords can be shown, pages printed. */
function offerPassword(box) {
  const [field, button] = [box.querySelector("input"), box.querySelector("button")];
  button.hidden = false;
  const show = (visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? "Hide" : "Show";
    button.setAttribute("aria-label", visible ? "Hide password" : "Show password");
  };
  button.addEventListener("click", () => show(field.type === "password"));
  field.form?.addEventListener("submit", () => show(false));
}

export function start() {
  document.querySelector("[data-focus]")?.focus();
  document.querySelectorAll("[data-password]").forEach(offerPassword);
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}
