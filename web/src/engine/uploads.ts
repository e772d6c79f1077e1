// The sending of files by tus (https://tus.io, version 1.0): small ones by one request, larger ones a piece at a time, so that
// whatever breaks off goes on where the server has got to, after a reload and in another tab, too.
//
// tus-js-client would do the same with 20 KB (compressed), and keeps by itself what the outbox keeps already: what there is to send, what
// comes first, and when to try again. What is left of tus is four requests.

import { Backoff } from "./backoff";
import type { Ports } from "./ports";
import { read } from "./shape";
import type { Pending } from "./storage";
import { type FileFacts, type Unsent, kindOf } from "./unsent";
import type { Send, Sending, TransferAnswer, TransferRequest, UploadEvents, Uploading } from "./uploading";
import { decodeEnvelope } from "./wire";
import { File } from "./wire.gen";

const MIB = 1024 * 1024;
const SIZES: Sizes = { whole: MIB, piece: 8 * MIB, most: 64 * MIB };
/** A piece that takes less was small: what is said before and after each, and the disk at its end, take their time as well. */
const QUICK_MS = 1_000;
/** At the same time; a chat with much to send leaves room for the others. */
const MOST = 4;
const MOST_OF_CHAT = 2;
/** A server that fails this often in a row at one file will go on failing at it. */
const FAULTS = 3;
/** A connection that ends this often in a row at a file, while there is one otherwise, will end at it the next time, too. */
const SILENCES = 8;
const FIRST_PAUSE_MS = 1_000;
const TUS = { "Tus-Resumable": "1.0.0" };
const PIECE_TYPE = "application/offset+octet-stream";

/** As the reasons of the server are. */
export const LOST = "this device does not have the file any more";
export const BROKEN = "the connection ends at this file each time";

/** In bytes. */
export interface Sizes {
  /** Up to here the whole goes with the first request: begun anew it costs little. */
  readonly whole: number;
  /** The server keeps as much at a time for good; and proxies that take a request as a whole before they pass it on hold no more. */
  readonly piece: number;
  /** How large pieces become where they go quickly, each at most twice the one before. */
  readonly most: number;
}

/** Why a request came to nothing. */
type Trouble =
  | { readonly is: "refused"; readonly reason: string }
  /** Not now. */
  | { readonly is: "later"; readonly seconds: number }
  | { readonly is: "fault" }
  /** The server does not have what it had. */
  | { readonly is: "gone" }
  | { readonly is: "unanswered" }
  | { readonly is: "logged out" };

class Failed extends Error {
  override readonly name = "Failed";

  constructor(readonly trouble: Trouble) {
    super(trouble.is);
  }
}

/** Nobody wants the message any more, or not from here. */
class Unwanted extends Error {
  override readonly name = "Unwanted";
}

/** What one message has met so far, since it last got on. */
interface Luck {
  readonly backoff: Backoff;
  faults: number;
  silences: number;
}

/** How much the server has; and once that is all, the file. */
interface Reached {
  readonly offset: number;
  readonly file: string | null;
}

interface Running {
  readonly clientMsgId: string;
  readonly gid: number;
  sending: Sending | null;
  stopped: boolean;
}

export class Uploads implements Uploading {
  private isUp = true;
  private stopped = false;
  private wanted: readonly Pending[] = [];
  private readonly running = new Map<string, Running>();
  /** Tried again later: what calls that off. */
  private readonly paused = new Map<string, () => void>();
  private readonly lucks = new Map<string, Luck>();
  private readonly offsets = new Map<string, number>();
  /** Those of which a large piece has failed, as a proxy may not let it through: their pieces stay small. */
  private readonly cautious = new Set<string>();

  constructor(
    private readonly ports: Pick<Ports, "after" | "elapsed" | "random">,
    private readonly send: Send,
    private readonly token: string,
    private readonly events: UploadEvents,
    private readonly sizes = SIZES,
  ) {}

  want(entries: readonly Pending[]): void {
    const names = new Set(entries.map(({ clientMsgId }) => clientMsgId));
    for (const { clientMsgId, unsent } of this.wanted) {
      if (names.has(clientMsgId)) continue;
      this.forget(clientMsgId);
      const transfer = this.events.entry(clientMsgId)?.unsent?.transfer ?? unsent?.transfer;
      // Nobody wants it any more: the server need not keep what it has.
      if (this.events.entry(clientMsgId) === undefined && transfer !== undefined && transfer !== null) this.terminate(transfer);
    }
    this.wanted = entries;
    this.fill();
  }

  up(): void {
    this.isUp = true;
    for (const id of [...this.paused.keys()]) this.resume(id);
    this.lucks.clear();
    this.fill();
  }

  down(): void {
    this.isUp = false;
  }

  stop(): void {
    this.stopped = true;
    for (const id of [...this.running.keys(), ...this.paused.keys()]) this.forget(id);
  }

  /** Begins as many as may be under way. */
  private fill(): void {
    if (this.stopped || !this.isUp) return;
    for (const entry of this.wanted) {
      const { clientMsgId, gid } = entry;
      if (this.running.size >= MOST) return;
      if (this.running.has(clientMsgId) || this.paused.has(clientMsgId)) continue;
      // What is done was told; what it is wanted for is on its way.
      if (this.events.entry(clientMsgId)?.unsent?.isDone !== false) continue;
      if ([...this.running.values()].filter((one) => one.gid === gid).length >= MOST_OF_CHAT) continue;
      const one: Running = { clientMsgId, gid, sending: null, stopped: false };
      this.running.set(clientMsgId, one);
      void this.run(one);
    }
  }

  private async run(one: Running): Promise<void> {
    const { clientMsgId } = one;
    try {
      const kept = await this.events.file(clientMsgId);
      if (kept === null) throw refused(LOST);
      if (this.unsentOf(one).file === null) {
        const facts = await this.give(one, kept.file);
        const { kind } = this.entryOf(one);
        this.change(one, { file: facts.id }, kindOf(kind, facts));
      }
      if (kept.poster !== null) await this.poster(one, kept.poster);
      this.change(one, { isDone: true });
      this.close(clientMsgId);
    } catch (error) {
      if (!(error instanceof Unwanted)) this.failed(one, error instanceof Failed ? error.trouble : { is: "unanswered" });
    } finally {
      if (this.running.get(clientMsgId) === one) this.running.delete(clientMsgId);
      this.events.went(clientMsgId, null);
      this.fill();
    }
  }

  private async give(one: Running, file: Blob): Promise<FileFacts> {
    let { transfer } = this.unsentOf(one);
    let there: Reached;
    if (transfer === null) {
      [transfer, there] = await this.begin(one, file);
      this.change(one, { transfer });
    } else {
      there = await this.look(one, transfer);
    }
    let size = this.sizes.piece;
    while (there.file === null) {
      this.gotOn(one, there.offset);
      const begun = this.ports.elapsed();
      const next = await this.sendPiece(one, transfer, file, there.offset, size);
      const isQuick = this.ports.elapsed() - begun < QUICK_MS && !this.cautious.has(one.clientMsgId);
      size = isQuick ? Math.min(2 * size, this.sizes.most) : Math.max(size / 2, this.sizes.piece);
      // It has taken nothing, or all of it and made no file.
      if (next.file === null && (next.offset <= there.offset || next.offset >= file.size)) throw new Failed({ is: "fault" });
      there = next;
    }
    return this.facts(one, there.file);
  }

  private async sendPiece(one: Running, transfer: string, file: Blob, offset: number, size: number): Promise<Reached> {
    const headers = { ...TUS, "Upload-Offset": `${offset}`, "Content-Type": PIECE_TYPE };
    const body = file.slice(offset, offset + size);
    try {
      return reachedIn(await this.ask(one, { method: "PATCH", path: pathOf(transfer), headers, body }, offset));
    } catch (error) {
      if (!(error instanceof Failed) || body.size <= this.sizes.piece) throw error;
      this.cautious.add(one.clientMsgId);
      // Whoever refuses the file itself refuses a small piece of it, too.
      throw error.trouble.is === "refused" ? new Failed({ is: "later", seconds: 0 }) : error;
    }
  }

  private async begin(one: Running, file: Blob): Promise<[string, Reached]> {
    const { name, asFile } = this.unsentOf(one);
    const metadata = [`filename ${base64(name)}`];
    if (file.type !== "") metadata.push(`filetype ${base64(file.type)}`);
    if (asFile) metadata.push(`asfile ${base64("1")}`);
    const headers = { ...TUS, "Upload-Length": `${file.size}`, "Upload-Metadata": metadata.join(",") };
    const whole = file.size <= this.sizes.whole;
    const asked = { method: "POST", path: "/api/file/tus", headers: whole ? { ...headers, "Content-Type": PIECE_TYPE } : headers } as const;
    const answer = await this.ask(one, { ...asked, body: whole ? file : null }, 0);
    // A proxy may have put the server below a path of its own, so of the address only the name counts.
    const transfer = /([A-Za-z0-9_-]+)\/?$/.exec(answer.header("Location") ?? "")?.[1];
    if (transfer === undefined) throw new Failed({ is: "fault" });
    return [transfer, reachedIn(answer)];
  }

  /** How far the server has got. */
  private async look(one: Running, transfer: string): Promise<Reached> {
    return reachedIn(await this.ask(one, { method: "HEAD", path: pathOf(transfer), headers: TUS, body: null }, 0));
  }

  /** Whatever went wrong before counts no more where there is more than there was. */
  private gotOn({ clientMsgId }: Running, offset: number): void {
    if (offset > (this.offsets.get(clientMsgId) ?? 0)) this.lucks.delete(clientMsgId);
    this.offsets.set(clientMsgId, offset);
  }

  /** What the server says of a file: where the message is no plain file, it may be one to the server. */
  private async facts(one: Running, file: string): Promise<FileFacts> {
    if (this.entryOf(one).kind === "File") return { id: file, mime: "", width: null };
    return factsIn(await this.ask(one, { method: "GET", path: `/api/file/get?id=${file}`, headers: {}, body: null }, 0));
  }

  /** A film without one is a film all the same. */
  private async poster(one: Running, poster: Blob): Promise<void> {
    const { file } = this.unsentOf(one);
    if (this.entryOf(one).kind !== "Video") return;
    try {
      const type = { "Content-Type": poster.type };
      await this.ask(one, { method: "POST", path: `/api/file/poster?id=${file}`, headers: type, body: poster }, null);
    } catch (error) {
      if (!(error instanceof Failed && error.trouble.is === "refused")) throw error;
    }
  }

  /** `from`: how much of the file is there before this request; null where it says nothing of that. */
  private async ask(one: Running, request: Omit<TransferRequest, "token">, from: number | null): Promise<TransferAnswer> {
    this.entryOf(one);
    const { sizeBytes } = this.unsentOf(one);
    if (from !== null && request.body !== null && request.body.size > 0) this.events.went(one.clientMsgId, { is: "running", sentBytes: from, sizeBytes });
    const sending = this.send({ ...request, token: this.token }, (bytes) => {
      if (one.stopped || from === null) return;
      this.events.went(one.clientMsgId, { is: "running", sentBytes: Math.min(sizeBytes, from + bytes), sizeBytes });
    });
    one.sending = sending;
    let answer: TransferAnswer;
    try {
      answer = await sending.answer;
    } catch {
      throw new Failed({ is: "unanswered" });
    } finally {
      one.sending = null;
    }
    const trouble = troubleIn(answer, request.path.startsWith("/api/file/tus"));
    if (trouble !== null) throw new Failed(trouble);
    return answer;
  }

  private failed(one: Running, trouble: Trouble): void {
    const { clientMsgId } = one;
    if (one.stopped || this.events.entry(clientMsgId)?.state.is !== "waiting") return;
    const luck = this.lucks.get(clientMsgId) ?? { backoff: new Backoff(this.ports.random, FIRST_PAUSE_MS), faults: 0, silences: 0 };
    this.lucks.set(clientMsgId, luck);
    if (trouble.is === "gone") this.change(one, { transfer: null });
    if (trouble.is === "logged out") this.events.loginLost();
    if (trouble.is === "gone" || trouble.is === "fault") luck.faults += 1;
    if (trouble.is === "unanswered" && this.isUp) luck.silences += 1;
    const reason = trouble.is === "refused" ? trouble.reason : luck.faults >= FAULTS ? "system error" : luck.silences >= SILENCES ? BROKEN : null;
    if (reason !== null) {
      this.fail(one, reason);
      return;
    }
    const pause = Math.max(trouble.is === "later" ? trouble.seconds * 1_000 : 0, luck.backoff.next());
    this.paused.set(clientMsgId, this.ports.after(pause, () => {
      this.resume(clientMsgId);
      this.fill();
    }));
  }

  private fail(one: Running, reason: string): void {
    this.close(one.clientMsgId);
    const entry = this.events.entry(one.clientMsgId);
    if (entry !== undefined) this.events.changed({ ...entry, state: { is: "failed", reason } });
  }

  private resume(clientMsgId: string): void {
    this.paused.get(clientMsgId)?.();
    this.paused.delete(clientMsgId);
  }

  private forget(clientMsgId: string): void {
    this.resume(clientMsgId);
    this.close(clientMsgId);
    const one = this.running.get(clientMsgId);
    if (one === undefined) return;
    this.running.delete(clientMsgId);
    one.stopped = true;
    one.sending?.stop();
  }

  private close(clientMsgId: string): void {
    this.lucks.delete(clientMsgId);
    this.offsets.delete(clientMsgId);
    this.cautious.delete(clientMsgId);
  }

  /** Where it does not hear of it, it expires. */
  private terminate(transfer: string): void {
    const sending = this.send({ method: "DELETE", path: pathOf(transfer), headers: TUS, body: null, token: this.token }, () => undefined);
    sending.answer.catch(() => undefined);
  }

  private change(one: Running, more: Partial<Unsent>, kind = this.entryOf(one).kind): void {
    const entry = this.entryOf(one);
    this.events.changed({ ...entry, kind, unsent: { ...this.unsentOf(one), ...more } });
  }

  /** Nothing is done for what nobody wants any more. */
  private entryOf(one: Running): Pending {
    const entry = this.events.entry(one.clientMsgId);
    if (one.stopped || entry?.state.is !== "waiting") throw new Unwanted();
    return entry;
  }

  private unsentOf(one: Running): Unsent {
    const { unsent } = this.entryOf(one);
    if (unsent === undefined) throw refused(LOST);
    return unsent;
  }
}

function troubleIn(answer: TransferAnswer, isTus: boolean): Trouble | null {
  const { status } = answer;
  if (status >= 200 && status < 300) return isTus ? null : troubleInEnvelope(answer.text);
  const seconds = Number(answer.header("Retry-After") ?? "");
  switch (status) {
    case 401:
      return { is: "logged out" };
    case 404:
    case 410:
      return isTus ? { is: "gone" } : { is: "fault" };
    // Another request is at it.
    case 423:
      return { is: "later", seconds: 0 };
    case 429:
    case 503:
      return { is: "later", seconds: Number.isFinite(seconds) ? seconds : 0 };
    // Of a proxy while the server behind it restarts.
    case 502:
    case 504:
      return { is: "later", seconds: 0 };
  }
  // Not all has come, or something else than was sent, or it has got elsewhere than was thought: where it is, is asked anew.
  if ([400, 408, 409, 460].includes(status)) return { is: "fault" };
  // There is no room left (507): the server says how much there is.
  return status >= 500 && status !== 507 ? { is: "fault" } : { is: "refused", reason: reasonIn(answer) };
}

function troubleInEnvelope(text: string): Trouble | null {
  try {
    const { ok, code, msg } = decodeEnvelope(text);
    if (ok) return null;
    return code === 401 ? { is: "logged out" } : { is: "refused", reason: msg ?? "" };
  } catch {
    return { is: "fault" };
  }
}

/** In the envelope, or as it is; of a proxy's page nothing is said. */
function reasonIn({ status, text }: TransferAnswer): string {
  try {
    return decodeEnvelope(text).msg ?? "";
  } catch {
    if (text !== "" && text.length <= 300 && !text.includes("<")) return text.trim();
    return status === 413 ? "the file is too large" : `the server does not take this file (${status})`;
  }
}

function factsIn({ text }: TransferAnswer): FileFacts {
  try {
    return read(decodeEnvelope(text).data, File);
  } catch {
    throw new Failed({ is: "fault" });
  }
}

function reachedIn(answer: TransferAnswer): Reached {
  const text = answer.header("Upload-Offset");
  const offset = text === null ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Failed({ is: "fault" });
  return { offset, file: answer.header("Rim-File") };
}

function pathOf(transfer: string): string {
  return `/api/file/tus/${transfer}`;
}

function refused(reason: string): Failed {
  return new Failed({ is: "refused", reason });
}

/** Of the text in UTF-8. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
