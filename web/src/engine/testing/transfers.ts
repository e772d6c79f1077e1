// The files of the scripted server: tus, what becomes of a message that names one, and everything that may go wrong on the way.

import type { Sending, TransferAnswer, TransferRequest } from "../uploading";
import type { StoredMessage } from "../wire";
import type { Clock } from "./clock";
import type { FakeServer } from "./server";

export interface FakeFile {
  readonly id: string;
  readonly uid: number;
  readonly name: string;
  readonly mime: string;
  readonly asFile: boolean;
  readonly bytes: Blob;
  poster: Blob | null;
}

interface FakeTransfer {
  readonly id: string;
  readonly uid: number;
  readonly size: number;
  readonly name: string;
  readonly type: string;
  readonly asFile: boolean;
  bytes: Blob;
  file: FakeFile | null;
}

/** What becomes of a request instead of being answered. */
export type TransferFate =
  /** It does not arrive. */
  | { readonly is: "lost" }
  /** So much of its body arrives, from 0 to 1, and the connection ends. */
  | { readonly is: "torn"; readonly part: number }
  /** All is done, and nobody hears of it. */
  | { readonly is: "unanswered" }
  | { readonly is: "status"; readonly status: number; readonly text?: string; readonly retryAfter?: number };

/** The server makes sure of so many bytes at a time; a kill takes the rest. */
const SURE_BYTES = 700;
/** How long a byte takes. */
const BYTE_MS = 0.05;
const KINDS: readonly string[] = ["Image", "Audio", "Video", "File"];

export class FakeTransfers {
  readonly files = new Map<string, FakeFile>();
  readonly transfers = new Map<string, FakeTransfer>();
  readonly requests: TransferRequest[] = [];
  /** So many at once were under way at most. */
  most = 0;
  fate: (request: TransferRequest) => TransferFate | null = () => null;
  private readonly underWay = new Set<() => void>();
  private made = 0;

  constructor(
    private readonly server: FakeServer,
    private readonly clock: Clock,
  ) {}

  /** `living`: nothing reaches a page that is gone. */
  send(request: TransferRequest, went: (bytes: number) => void, living: (then: () => void) => () => void): Sending {
    let stop: () => void = () => undefined;
    const answer = new Promise<TransferAnswer>((resolve, reject) => {
      let open = true;
      const end = (then: () => void): void => {
        if (!open) return;
        open = false;
        this.underWay.delete(broken);
        living(then)();
      };
      const broken = (): void => end(() => reject(new TypeError("the request was broken off")));
      stop = broken;
      this.underWay.add(broken);
      this.most = Math.max(this.most, this.underWay.size);
      const size = request.body?.size ?? 0;
      this.clock.after(this.server.latency(), () => {
        if (!open) return;
        if (!this.server.reachable) return broken();
        this.requests.push(request);
        const fate = this.fate(request);
        if (fate?.is === "lost") return broken();
        const part = fate?.is === "torn" ? fate.part : 1;
        const arrives = Math.floor(size * part);
        went(Math.floor(arrives / 2));
        this.clock.after(Math.ceil(arrives * BYTE_MS), () => {
          if (!open) return;
          went(arrives);
          if (fate?.is === "status") {
            const { status, text = "", retryAfter } = fate;
            return end(() => resolve(answerOf(status, text, retryAfter === undefined ? {} : { "Retry-After": `${retryAfter}` })));
          }
          const body = request.body === null ? null : request.body.slice(0, arrives);
          const made = this.handle({ ...request, body }, part < 1);
          if (fate !== null) return broken();
          this.clock.after(this.server.latency(), () => end(() => resolve(made)));
        });
      });
    });
    return { answer, stop: () => stop() };
  }

  /** Killed, and there again: what it was not sure of is gone, and nobody who was being served hears anything. */
  kill(): void {
    for (const transfer of this.transfers.values()) {
      if (transfer.file !== null) continue;
      const sure = Math.floor(transfer.bytes.size / SURE_BYTES) * SURE_BYTES;
      transfer.bytes = transfer.bytes.slice(0, sure);
    }
    for (const broken of [...this.underWay]) broken();
  }

  /** A day has passed: what no message names has gone. */
  expire(): void {
    this.transfers.clear();
    const named = [...this.server.groups.values()].flatMap(({ messages }) => messages.map(({ content }) => content));
    for (const id of [...this.files.keys()]) if (!named.some((content) => content.includes(id))) this.files.delete(id);
  }

  /** What a message says to those who read it; null where it names a file that there is not. */
  describe(uid: number, kind: StoredMessage["kind"], content: string): string | null {
    if (!KINDS.includes(kind) || !content.startsWith("{")) return content;
    const { file: id, ...said } = JSON.parse(content) as { file?: string };
    if (id === undefined) return content;
    const file = this.files.get(id);
    if (file === undefined || file.uid !== uid) return null;
    const { name, mime, bytes } = file;
    const shape = mime.startsWith("image/") ? { width: 640, height: 480 } : {};
    return JSON.stringify({ file: id, name, size: bytes.size, mime, ...shape, ...said });
  }

  private handle({ method, path, token, headers, body }: TransferRequest, broken: boolean): TransferAnswer {
    const uid = this.server.holder(token);
    const isTus = path.startsWith("/api/file/tus");
    if (uid === undefined) return isTus ? answerOf(401, "login required") : enveloped({ code: 401, msg: "login required" });
    const [name, query = ""] = path.split("?");
    const asked = new Map(query.split("&").map((pair) => pair.split("=") as [string, string]));
    if (name === "/api/file/get") {
      const file = this.files.get(asked.get("id") ?? "");
      return enveloped(file === undefined ? { code: 500, msg: "no such file" } : { data: told(file) });
    }
    if (name === "/api/file/poster") {
      const file = this.files.get(asked.get("id") ?? "");
      if (file === undefined || broken) return enveloped({ code: 500, msg: "no such file" });
      file.poster = body;
      return enveloped({ data: told(file) });
    }
    if (headers["Tus-Resumable"] !== "1.0.0") return answerOf(412, "");
    if (method === "POST") return this.begin(uid, headers, body);
    const transfer = this.transfers.get(path.split("/").at(-1) ?? "");
    if (transfer === undefined || transfer.uid !== uid) return answerOf(404, "no such upload");
    if (method === "DELETE") {
      this.transfers.delete(transfer.id);
      return answerOf(204, "");
    }
    if (method === "PATCH") {
      if (Number(headers["Upload-Offset"]) !== transfer.bytes.size) return answerOf(409, "other bytes have come");
      this.take(transfer, body);
    }
    return this.reached(transfer, method === "HEAD" ? 200 : 204);
  }

  private begin(uid: number, headers: TransferRequest["headers"], body: Blob | null): TransferAnswer {
    const size = Number(headers["Upload-Length"]);
    if (size > this.server.maxFileBytes) return answerOf(413, `a file: at most ${this.server.maxFileBytes} bytes`);
    const metadata = new Map((headers["Upload-Metadata"] ?? "").split(",").map((pair) => pair.split(" ") as [string, string]));
    const word = (key: string): string => new TextDecoder().decode(Uint8Array.from(atob(metadata.get(key) ?? ""), (one) => one.charCodeAt(0)));
    const id = `t${++this.made}`;
    const transfer: FakeTransfer = { id, uid, size, name: word("filename"), type: word("filetype"), asFile: word("asfile") === "1", bytes: new Blob([]), file: null };
    this.transfers.set(id, transfer);
    this.take(transfer, body);
    return this.reached(transfer, 201, { Location: `https://elsewhere.example/below/api/file/tus/${id}` });
  }

  private take(transfer: FakeTransfer, body: Blob | null): void {
    if (body !== null) transfer.bytes = new Blob([transfer.bytes, body]);
    if (transfer.bytes.size < transfer.size || transfer.file !== null) return;
    const { uid, name, type, asFile, bytes } = transfer;
    const id = `file_${++this.made}`;
    // As the server sniffs: a claim that is none is not believed.
    const mime = name.endsWith(".heic") ? "image/heic" : type;
    transfer.file = { id, uid, name, mime, asFile, bytes, poster: null };
    this.files.set(id, transfer.file);
  }

  private reached({ bytes, file }: FakeTransfer, status: number, more: Readonly<Record<string, string>> = {}): TransferAnswer {
    return answerOf(status, "", { "Upload-Offset": `${bytes.size}`, ...(file !== null && { "Rim-File": file.id }), ...more });
  }
}

function told({ id, name, bytes, mime }: FakeFile): object {
  const shape = ["image/jpeg", "image/png"].includes(mime) ? { width: 640, height: 480 } : {};
  return { id, name, size: bytes.size, mime, ...shape, thumbs: [] };
}

function enveloped({ code = 200, msg = null, data = null }: { code?: number; msg?: string | null; data?: unknown }): TransferAnswer {
  return answerOf(200, JSON.stringify({ ok: code === 200, code, msg, data }));
}

function answerOf(status: number, text: string, headers: Readonly<Record<string, string>> = {}): TransferAnswer {
  return { status, text, header: (name) => headers[name] ?? null };
}
