// A message of a chat that is opened because of it, as from the list of stars.

const wanted = new Map<number, number>();

export function wantIn(gid: number, id: number): void {
  wanted.set(gid, id);
}

/** Once: coming back later, one is where one was. */
export function takeWanted(gid: number): number | null {
  const id = wanted.get(gid) ?? null;
  wanted.delete(gid);
  return id;
}
