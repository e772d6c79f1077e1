// Made by scripts/wire.mjs from docs/openapi.json and docs/frames.json. Not to be edited: `npm run wire` writes it.
// Bounds of the server that the client keeps to.

/** Of what a message says, in UTF-8. */
export const MAX_CONTENT_BYTES = 65_536;

/** Users that one connection watches. */
export const MAX_WATCHED = 500;

/** Groups that one request of a sync may name. */
export const MAX_SYNC_GROUPS = 10_000;

/** In UTF-8. */
export const MAX_ACCOUNT_BYTES = 64;

/** Of users and groups, in code points. */
export const MAX_NAME_CHARS = 64;

/** In UTF-8. */
export const MAX_EMAIL_BYTES = 254;
