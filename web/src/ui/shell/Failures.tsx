// What could not be done, wherever one is by now: what was asked of a message of the open chat stands on that message instead.

import type { Deed } from "../../engine/contract";
import { chunk } from "../base/chunk";
import { useEngine, useLive } from "../base/context";
import type { Route } from "../base/router";
import type { FailureBarProps } from "./FailureBar";
import "./ConnectionBanner.css";

const FailureBar = chunk<FailureBarProps>(() => import("./FailureBar").then(({ FailureBar }) => FailureBar));

/** They show on the message that they are about. */
const ON_MESSAGES: readonly Deed[] = ["edit", "recall", "react", "unreact", "pin", "unpin"];

export function Failures({ route }: { route: Route }) {
  const engine = useEngine();
  const failures = useLive(engine.failures);
  const chats = useLive(engine.chats);
  const open = route.page === "chat" ? route.gid : null;
  const shown = failures.filter(({ gid, what }) => gid !== open || !ON_MESSAGES.includes(what));
  const [first] = shown;
  const title = first === undefined || first.gid === open ? undefined : chats.find(({ gid }) => gid === first.gid)?.title;
  return (
    <div role="status">{first !== undefined && <FailureBar failure={first} title={title ?? null} others={shown.length - 1} />}</div>
  );
}
