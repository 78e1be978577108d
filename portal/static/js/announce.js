/** A short message that is shown for a while and read out by screen readers. */
let timer = 0;

export function announce(text) {
  const place = document.querySelector("[data-toast]");
  if (!place) return;
  clearTimeout(timer);
  place.textContent = text;
  timer = setTimeout(() => { place.textContent = ""; }, 4000);
}
