// What sends files, loaded when the first one is to be sent.

import { Backoff } from "./backoff";
import type { Ports } from "./ports";
import type { Pending } from "./storage";
import type { UploadEvents, Uploading } from "./uploading";

export class LazyUploads implements Uploading {
  private wanted: readonly Pending[] = [];
  private uploads: Uploading | null = null;
  private isUp = false;
  private loading = false;
  private stopped = false;
  private retry: (() => void) | null = null;
  private readonly backoff: Backoff;

  constructor(
    private readonly ports: Ports,
    private readonly token: string,
    private readonly events: UploadEvents,
  ) {
    this.backoff = new Backoff(ports.random);
  }

  want(entries: readonly Pending[]): void {
    this.wanted = entries;
    if (this.uploads !== null) this.uploads.want(entries);
    else if (entries.length > 0) void this.load();
  }

  up(): void {
    this.isUp = true;
    this.uploads?.up();
  }

  down(): void {
    this.isUp = false;
    this.uploads?.down();
  }

  stop(): void {
    this.stopped = true;
    this.retry?.();
    this.uploads?.stop();
  }

  private async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    try {
      const uploader = await this.ports.uploader();
      if (this.stopped) return;
      this.uploads = uploader(this.token, this.events);
      if (!this.isUp) this.uploads.down();
      this.uploads.want(this.wanted);
    } catch {
      // There is no network, or a newer client is there whose file is called otherwise.
      this.retry = this.ports.after(this.backoff.next(), () => {
        this.loading = false;
        if (this.wanted.length > 0) void this.load();
      });
    }
  }
}
