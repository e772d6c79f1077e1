// What sends files, as the rest of the engine knows it. The work itself is in uploads.ts, which is loaded when there is
// something to send.

import type { Upload } from "./contract";
import type { KeptFile, Pending } from "./storage";

/** A part of a file, or a word about one. */
export interface TransferRequest {
  readonly method: "GET" | "POST" | "PATCH" | "HEAD" | "DELETE";
  /** With the leading slash and the query. */
  readonly path: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob | null;
}

export interface TransferAnswer {
  readonly status: number;
  readonly text: string;
  header(name: string): string | null;
}

export interface Sending {
  /** Rejects where there is none: the connection has ended, nothing has moved for long, or it was stopped. */
  readonly answer: Promise<TransferAnswer>;
  stop(): void;
}

/** Tells how many bytes of the body have gone. */
export type Send = (request: TransferRequest, went: (bytes: number) => void) => Sending;

export interface UploadEvents {
  /** The message as it is known now; undefined: nobody wants it any more. */
  entry(clientMsgId: string): Pending | undefined;
  /** Null: this device does not have it. */
  file(clientMsgId: string): Promise<KeptFile | null>;
  /** To be kept; where the file is there, the message may go. */
  changed(entry: Pending): void;
  /** Null: nothing is under way. */
  went(clientMsgId: string, upload: Upload | null): void;
  /** The token is not taken any more. */
  loginLost(): void;
}

export interface Uploading {
  /** These are to be sent, in this order, and no others. */
  want(entries: readonly Pending[]): void;
  /** The server can be reached: what failed is tried again at once. */
  up(): void;
  /** It cannot, as far as is known: nothing is begun. */
  down(): void;
  stop(): void;
}

/** For one session. */
export type Uploader = (token: string, events: UploadEvents) => Uploading;
