// The files of messages that are on their way: their bytes, and how far they are. What sends them is in uploads.ts.

import { contentOf } from "./attached";
import type { Attachment, Recordings, Upload } from "./contract";
import type { Intended } from "./intended";
import { Cell, keep } from "./live";
import type { Ports } from "./ports";
import { type KeptFile, type Pending, RECORDED, type Store } from "./storage";
import type { Unsent } from "./unsent";
import { keyOf } from "./wire";

/** So many whose messages are stored are remembered, for those who still draw them from here. */
const SENT = 30;
/** How far a file is, is told no more often. */
const TELL_MS = 100;
/** Kept without a message for so long: the page that kept it did not live to write the message. */
const ORPHAN_MS = 60_000;

export const NO_UPLOAD = new Cell<Upload | null>(null);

export interface AttachingEvents {
  /** Tells the other tabs, whichever of them leads. */
  share(file: KeptFile): void;
  shareWent(clientMsgId: string, upload: Upload | null): void;
}

export class Attaching {
  /** In this page's memory, which the browser keeps for it: handles of what is on the disk. */
  private readonly files = new Map<string, KeptFile>();
  /** Those that are in the store, too. */
  private readonly stored = new Set<string>();
  private readonly sent: string[] = [];
  private readonly reached = new Map<string, { readonly upload: Upload; readonly at: number }>();
  private readonly cells = new Map<string, { readonly clientMsgId: string; readonly cell: Cell<Upload | null> }>();

  constructor(
    private readonly ports: Ports,
    private readonly intents: Intended,
    private readonly store: Store,
    private readonly uid: number,
    private readonly events: AttachingEvents,
  ) {}

  /** What becomes part of the message, and what it takes along. */
  take(clientMsgId: string, item: Attachment, album: string | null): Pick<Pending, "kind" | "content"> & { readonly unsent: Unsent } {
    const { kind, blob, name, asFile, poster = null } = item;
    const file: KeptFile = { clientMsgId, file: blob, poster };
    this.files.set(clientMsgId, file);
    this.events.share(file);
    // Where it cannot be kept, it is sent from memory.
    void this.store.keepFile(file).then(
      () => this.stored.add(clientMsgId),
      () => undefined,
    );
    const unsent = { name, sizeBytes: blob.size, asFile, hasPoster: poster !== null, transfer: null, file: null, isDone: false };
    return { kind, content: contentOf(item, album), unsent };
  }

  /** Of another tab. */
  heard(file: KeptFile): void {
    this.files.set(file.clientMsgId, file);
  }

  /** Null: it is not there. Rejects where that cannot be known now. */
  async file(clientMsgId: string): Promise<KeptFile | null> {
    const known = this.files.get(clientMsgId);
    // What is being stored may keep the store for long; what is stored does not change under whoever reads it.
    if (known !== undefined && !this.stored.has(clientMsgId)) return known;
    try {
      const kept = await this.store.file(clientMsgId);
      if (kept !== null) this.files.set(clientMsgId, kept);
      return kept ?? known ?? null;
    } catch (error) {
      if (known === undefined) throw error;
      return known;
    }
  }

  async local(key: string, what: "file" | "poster"): Promise<Blob | null> {
    const file = await this.file(this.nameOf(key)).catch(() => null);
    return file?.[what] ?? null;
  }

  upload(key: string): Cell<Upload | null> {
    let one = this.cells.get(key);
    if (one === undefined) {
      const clientMsgId = this.nameOf(key);
      if (this.intents.entry(clientMsgId)?.unsent === undefined) return NO_UPLOAD;
      this.cells.set(key, (one = { clientMsgId, cell: new Cell<Upload | null>(this.now(clientMsgId)) }));
    }
    return one.cell;
  }

  /** The leader says how far it is; the others hear it. */
  went(clientMsgId: string, upload: Upload | null): void {
    const old = this.reached.get(clientMsgId);
    const now = this.ports.elapsed();
    if (upload !== null && upload.sentBytes < upload.sizeBytes && old?.upload.is === "running" && now - old.at < TELL_MS) return;
    this.told(clientMsgId, upload);
    this.events.shareWent(clientMsgId, upload);
  }

  told(clientMsgId: string, upload: Upload | null): void {
    const last = upload ?? this.reached.get(clientMsgId)?.upload;
    // It stays where it has got to.
    if (last !== undefined) this.reached.set(clientMsgId, { upload: upload ?? { ...last, is: "waiting" }, at: this.ports.elapsed() });
    this.look();
  }

  /** Messages have changed. */
  look(): void {
    for (const [key, { clientMsgId, cell }] of this.cells) {
      const now = this.now(clientMsgId);
      cell.set(now === null ? null : keep(cell.get(), now));
      if (this.intents.entry(clientMsgId) === undefined) this.cells.delete(key);
    }
  }

  /** Their messages are there, or nobody wants them any more. `drops`: of all tabs this is the one that takes them out of the store. */
  settled(names: readonly string[], drops: boolean): void {
    const ours = names.filter((name) => this.intents.entry(name)?.unsent !== undefined);
    if (ours.length === 0) return;
    for (const name of ours) {
      this.reached.delete(name);
      this.stored.delete(name);
      if (this.files.has(name)) this.sent.push(name);
    }
    for (const oldest of this.sent.splice(0, this.sent.length - SENT)) this.files.delete(oldest);
    if (drops) void this.store.dropFiles(ours).catch(() => undefined);
  }

  /** What is stored and belongs to no message goes, if it still belongs to none after a while. */
  async sweep(isOver: () => boolean): Promise<void> {
    const names = await this.store.fileNames().catch(() => []);
    const orphans = names.filter((name) => this.intents.entry(name) === undefined && !name.startsWith(RECORDED));
    if (orphans.length === 0) return;
    this.ports.after(ORPHAN_MS, () => {
      const left = isOver() ? [] : orphans.filter((name) => this.intents.entry(name) === undefined && !this.files.has(name));
      if (left.length > 0) void this.store.dropFiles(left).catch(() => undefined);
    });
  }

  async recordings(): Promise<Recordings> {
    const { StoredRecordings } = await import("./recordings");
    return new StoredRecordings(this.store);
  }

  /** For another store. */
  carried(): readonly KeptFile[] {
    return [...this.files.values()].filter(({ clientMsgId }) => this.intents.entry(clientMsgId) !== undefined);
  }

  clear(): void {
    for (const { cell } of this.cells.values()) cell.set(null);
  }

  private now(clientMsgId: string): Upload | null {
    const { unsent, state } = this.intents.entry(clientMsgId) ?? {};
    if (unsent === undefined || state?.is !== "waiting") return null;
    const { sizeBytes, isDone } = unsent;
    if (isDone) return { is: "done", sentBytes: sizeBytes, sizeBytes };
    return this.reached.get(clientMsgId)?.upload ?? { is: "waiting", sentBytes: 0, sizeBytes };
  }

  private nameOf(key: string): string {
    return key.slice(keyOf(this.uid, "").length);
  }
}
