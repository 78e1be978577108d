/** <button data-copy="text or path" data-copied="message" hidden>: shown where copying works. */
import { announce } from "./announce.js";

async function copy(button) {
  const value = button.dataset.copy;
  const text = /^[/#]/.test(value) ? new URL(value, location.href).href : value;
  try {
    await navigator.clipboard.writeText(text);
    announce(button.dataset.copied || "Copied");
  } catch {
    announce(`Copy this: ${text}`);
  }
}

export function start() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
}
