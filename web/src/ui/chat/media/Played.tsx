// What is played where it is not seen.

import { chunk } from "../../base/chunk";
import { useLive, useTranslator } from "../../base/context";
import { useDesk, useOf } from "../desk";
import { jumpTo } from "../jumping";
import { inSight, playing } from "./playing";

const PlayingBar = chunk(() => import("./PlayingBar").then((loaded) => loaded.PlayingBar));

export function Played() {
  const desk = useDesk();
  const translator = useTranslator();
  const plays = useOf(playing, (now) => now !== null);
  const seen = useLive(inSight);
  if (!plays || seen) return null;
  const onHere = (key: string): void => {
    const seq = desk.message(key)?.seq ?? null;
    if (seq !== null) void jumpTo(desk, { seq }, translator);
  };
  return <PlayingBar gid={desk.gid} onHere={onHere} />;
}
