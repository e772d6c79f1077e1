// Where on its host this client is: at the root, or below a path of its own that a proxy cuts off. Nothing else may
// name a path from the root.

/** The address of something of the server by its path there, which begins with a slash. */
export function addressOf(path: string): URL {
  return new URL(`.${path}`, document.baseURI);
}

/** What all pages of a host share (storage, channels, locks) has the path in its name: another rim may be beside it. */
export function ownName(name: string): string {
  return prefix() + name;
}

/** The names of ours among those of the host. */
export function ownNames(names: readonly string[]): readonly string[] {
  const ours = prefix();
  // At the root there is no prefix to tell them by, and those of others begin with a slash.
  return names.filter((name) => (ours === "" ? !name.startsWith("/") : name.startsWith(ours))).map((name) => name.slice(ours.length));
}

/** Nothing at the root. */
function prefix(): string {
  const { pathname } = new URL(".", document.baseURI);
  return pathname === "/" ? "" : pathname;
}
