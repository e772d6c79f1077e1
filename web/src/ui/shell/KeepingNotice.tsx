// Says it where nothing is kept over a reload, which is seldom so.

import { useState } from "react";

import { chunk } from "../base/chunk";
import { useEngine, useLive } from "../base/context";
import type { KeepingBarProps } from "./KeepingBar";

const KeepingBar = chunk<KeepingBarProps>(() => import("./KeepingBar").then(({ KeepingBar }) => KeepingBar));

export function KeepingNotice() {
  const keeping = useLive(useEngine().keeping);
  const [read, setRead] = useState<typeof keeping>("lasting");
  return <div role="status">{keeping !== "lasting" && keeping !== read && <KeepingBar keeping={keeping} onClose={() => setRead(keeping)} />}</div>;
}
