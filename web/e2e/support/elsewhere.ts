// Another host on the net, as far as a browser can tell: it has pictures and sound, and remembers what it was asked for.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";

/** A picture of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export class Elsewhere {
  readonly #requests: IncomingMessage[] = [];

  private constructor(
    private readonly server: Server,
    readonly host: string,
  ) {}

  static async start(): Promise<Elsewhere> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    const elsewhere = new Elsewhere(server, `127.0.0.1:${address.port}`);
    server.on("request", (request, answer) => {
      elsewhere.#requests.push(request);
      // Nothing of it is kept: whatever is shown is asked for.
      const sound = request.url?.endsWith(".wav") === true;
      answer.writeHead(200, { "Content-Type": sound ? "audio/wav" : "image/png", "Cache-Control": "no-store" });
      answer.end(sound ? silence() : PIXEL);
    });
    return elsewhere;
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  /** The paths that were asked for, each once, in any order. */
  get asked(): readonly string[] {
    return [...new Set(this.#requests.map(({ url }) => url ?? ""))].sort();
  }

  /** From which pages, as far as browsers have told. */
  get referrers(): readonly string[] {
    return this.#requests.flatMap(({ headers }) => [headers.referer ?? "", headers.origin ?? ""]).filter((page) => page !== "");
  }

  forget(): void {
    this.#requests.length = 0;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** A tenth of a second of it. */
function silence(): Buffer {
  const [rate, samples] = [8000, 800];
  const file = Buffer.alloc(44 + samples, 128);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + samples, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate, 28);
  file.writeUInt16LE(1, 32);
  file.writeUInt16LE(8, 34);
  file.write("data", 36);
  file.writeUInt32LE(samples, 40);
  return file;
}
