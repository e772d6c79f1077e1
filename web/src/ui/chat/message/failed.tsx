// What stands below a message that something has gone wrong with, loaded when it does.

import type { Change } from "../../../engine/contract";
import { chunk } from "../../base/chunk";
import type { UnsentProps } from "./Unsent";

export const Unsent = chunk<UnsentProps>(() => import("./Unsent").then(({ Unsent }) => Unsent));
export const FailedChange = chunk<{ readonly change: Change & { readonly is: "failed" } }>(() =>
  import("./FailedChange").then(({ FailedChange }) => FailedChange),
);
