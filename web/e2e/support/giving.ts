// The ways in which files get into a chat, as people and browsers go them.

import type { Locator } from "playwright-core";

import type { Given } from "./files";
import type { Person } from "./person";

/** A picture of a few lines, which the browser draws. */
export async function picture({ page }: Person, name: string, width: number, height: number): Promise<Given> {
  const mimeType = name.endsWith(".png") ? "image/png" : "image/jpeg";
  const url = await page.evaluate(
    ([wide, high, type, seed]) => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [wide, high];
      const context = canvas.getContext("2d");
      if (context === null) throw new Error("there is no canvas");
      for (let at = 0; at < 12; at++) {
        context.fillStyle = `hsl(${(seed * 47 + at * 30) % 360} 60% 60%)`;
        context.fillRect((wide * at) / 12, 0, wide / 12 + 1, high);
      }
      return canvas.toDataURL(type);
    },
    [width, height, mimeType, name.length] as const,
  );
  return { name, mimeType, buffer: Buffer.from(url.slice(url.indexOf(",") + 1), "base64") };
}

export function text(name: string, content: string): Given {
  return { name, mimeType: "text/plain", buffer: Buffer.from(content) };
}

/** Chooses them by the menu of the composer. */
export async function choose(person: Person, entry: "Photo or video" | "File", files: readonly Given[]): Promise<void> {
  await person.button("Attach").click();
  const chooser = person.page.waitForEvent("filechooser");
  await person.page.getByRole("menuitem", { name: entry }).click();
  await (await chooser).setFiles([...files]);
}

/** Drags them over something, and lets go. */
export function drop(on: Locator, files: readonly Given[]): Promise<void> {
  return give(on, "drop", files);
}

/** Where the focus is. */
export function paste({ page }: Person, files: readonly Given[]): Promise<void> {
  return give(page.locator(":focus"), "paste", files);
}

function give(on: Locator, how: "drop" | "paste", files: readonly Given[]): Promise<void> {
  const told = files.map(({ name, mimeType, buffer }) => ({ name, mimeType, bytes: buffer.toString("base64") }));
  return on.evaluate(
    (element, [as, files]) => {
      const data = new DataTransfer();
      for (const { name, mimeType, bytes } of files) {
        data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type: mimeType }));
      }
      const how = { bubbles: true, cancelable: true };
      if (as === "paste") {
        element.dispatchEvent(new ClipboardEvent("paste", { ...how, clipboardData: data }));
        return;
      }
      for (const step of ["dragenter", "dragover", "drop"]) element.dispatchEvent(new DragEvent(step, { ...how, dataTransfer: data }));
    },
    [how, told] as const,
  );
}
