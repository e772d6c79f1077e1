// Putting words where they can be pasted from.

import type { Translator } from "../../i18n/translator";
import { showToast } from "./toasts";

export async function copyText(text: string, { t }: Translator): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast("done", t("message.copied"));
  } catch {
    // Without https there is no clipboard to write to.
    showToast("problem", t("message.copyFailed"));
  }
}
