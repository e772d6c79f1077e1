// Bounds of the server that the engine keeps to.

/** Groups that one request of a sync may name; who knows more names them in slices. */
export const SYNC_GROUPS = 10_000;
