// What of writing is loaded when a chat is seen.

import { chunk } from "../../base/chunk";
import type { FormatBarProps } from "./FormatBar";
import type { NamePickerProps } from "./NamePicker";

export const FormatBar = chunk<FormatBarProps>(
  () => import("./FormatBar").then(({ FormatBar }) => FormatBar),
  ({ shown }) => shown && <div className="composer__marks" />,
  () => null,
);

const loadNamePicker = () => import("./NamePicker");

export const NamePicker = chunk<NamePickerProps>(() => loadNamePicker().then(({ NamePicker }) => NamePicker), null, () => null);

/** Before somebody is named, so that no key comes too early. */
export function preloadNames(): void {
  loadNamePicker().catch(() => {
    // It is asked for again by what needs it.
  });
}
