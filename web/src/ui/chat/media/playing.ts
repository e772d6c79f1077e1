// The sound that is being played: one at a time, wherever one goes meanwhile.

import { Cell } from "../../base/cell";

export interface Playing {
  readonly gid: number;
  /** Of its message. */
  readonly key: string;
  readonly uid: number;
  readonly is: "loading" | "playing" | "paused" | "failed";
  /** As far as that is known, in seconds. */
  readonly length: number;
}

export const playing = new Cell<Playing | null>(null);
/** In seconds. */
export const position = new Cell(0);
/** Whether the message that is played is on the screen: then nothing else has to say what is played. */
export const inSight = new Cell(false);
