/** What must come is waited for; a test that waits so long for it has failed. */
export const PATIENCE_MS = 15_000;
