// The real server: the binary as cargo built it, with a data folder and a port of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
/** What `cargo build --bin rim` leaves, or the one that RIM names. */
const BINARY = process.env["RIM"] ?? resolve(REPOSITORY, process.env["CARGO_TARGET_DIR"] ?? "target", "debug/rim");
/** What it says when it can be reached. */
const RUNNING = "is running";

export class Rim {
  private process: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    private readonly data: string,
    private readonly settings: readonly string[],
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** With further settings, as flags. */
  static async start(...settings: string[]): Promise<Rim> {
    const rim = new Rim(await freePort(), await mkdtemp(join(tmpdir(), "rim-e2e-")), settings);
    await rim.startAgain();
    return rim;
  }

  /** On the same data and port. */
  async startAgain(): Promise<void> {
    const args = ["serve", "--listen", `127.0.0.1:${this.port}`, "--ws-listen", "off", "--data", this.data];
    // All stories come from one address; what limits let in would depend on how fast they are told.
    args.push("--limits", "off");
    const started = spawn(BINARY, [...args, ...this.settings], { stdio: ["ignore", "pipe", "pipe"] });
    this.process = started;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        if (said.includes(RUNNING)) resolve();
      };
      started.stdout.on("data", hear);
      started.stderr.on("data", hear);
      started.once("error", reject);
      started.once("exit", () => reject(new Error(`rim did not start: ${said}`)));
    });
  }

  /** Into a file beside the data. */
  backup(name: string): Promise<void> {
    return this.run("backup", `${this.data}/${name}`);
  }

  /** In the place of the database; the server must not run. */
  restore(name: string): Promise<void> {
    return this.run("restore", `${this.data}/${name}`, "--replace");
  }

  /** As if the power failed. */
  kill(): Promise<void> {
    return this.end("SIGKILL");
  }

  /** In order: it sends its clients away. */
  async sendAway(): Promise<void> {
    await this.end("SIGTERM");
  }

  async stop(): Promise<void> {
    // Nobody waits for connections to end.
    await this.end("SIGKILL");
    await rm(this.data, { recursive: true, force: true });
  }

  private async run(...command: string[]): Promise<void> {
    const started = spawn(BINARY, [...command, "--data", this.data], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    started.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(started, "exit")) as [number | null];
    if (code !== 0) throw new Error(`rim ${command.join(" ")}: ${said}`);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.process;
    if (running === null) return;
    this.process = null;
    const gone = once(running, "exit");
    running.kill(signal);
    await gone;
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
