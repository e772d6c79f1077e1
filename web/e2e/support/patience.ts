/** What must come is waited for, on a machine however busy; a test that waits so long for it has failed. */
export const PATIENCE_MS = 180_000;
