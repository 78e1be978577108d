/** Small things kept in this browser. A browser that refuses storage forgets them, and nothing breaks. */
function attempt(action) {
  try { return action(); } catch { return null; }
}

export const device = {
  get: (name) => attempt(() => localStorage.getItem(name)),
  set: (name, value) => attempt(() => localStorage.setItem(name, value)),
};

export const tab = {
  get: (name) => attempt(() => sessionStorage.getItem(name)),
  set: (name, value) => attempt(() => sessionStorage.setItem(name, value)),
  remove: (name) => attempt(() => sessionStorage.removeItem(name)),
  names: () => attempt(() => Object.keys(sessionStorage)) ?? [],
};

/** The name under which something of who is signed in is kept in this tab. What others kept under such a
    name goes: whoever comes next must not find it. */
export function own(what) {
  const name = `${what} ${document.body.dataset.me}`;
  for (const old of tab.names()) if (old.startsWith(`${what} `) && old !== name) tab.remove(old);
  return name;
}
