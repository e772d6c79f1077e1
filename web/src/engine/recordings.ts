// What was said into a microphone and is not sent yet: its parts stand among the files that are kept, each by itself, so that no
// part is written twice.

import type { RecordedPart, Recordings } from "./contract";
import { RECORDED, type Store } from "./storage";

/** Names ascend as the parts do: more of them there never are. */
const DIGITS = 6;

export class StoredRecordings implements Recordings {
  constructor(private readonly store: Pick<Store, "keepFile" | "file" | "fileNames" | "dropFiles">) {}

  keep(gid: number, id: string, at: number, { blob, ...part }: RecordedPart): Promise<void> {
    return this.store.keepFile({ clientMsgId: `${RECORDED}${gid} ${id} ${String(at).padStart(DIGITS, "0")}`, file: blob, poster: null, part });
  }

  async of(gid: number): Promise<ReadonlyMap<string, readonly RecordedPart[]>> {
    const all = new Map<string, RecordedPart[]>();
    for (const name of await this.names(gid)) {
      const kept = await this.store.file(name);
      const id = name.split(" ")[2];
      if (kept?.part === undefined || id === undefined) continue;
      const parts = all.get(id) ?? [];
      parts.push({ blob: kept.file, ...kept.part });
      all.set(id, parts);
    }
    return all;
  }

  async drop(gid: number, id: string): Promise<void> {
    await this.store.dropFiles((await this.names(gid)).filter((name) => name.split(" ")[2] === id));
  }

  private async names(gid: number): Promise<readonly string[]> {
    const names = await this.store.fileNames();
    return names.filter((name) => name.startsWith(`${RECORDED}${gid} `)).sort();
  }
}
