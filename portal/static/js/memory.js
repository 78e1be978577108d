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
