// Large requests of a browser: XMLHttpRequest alone tells how much of what is sent has gone.

import { addressOf } from "../basePath";
import type { Send } from "./uploading";

/** Nothing has moved for so long: the connection is dead. */
const STILL_MS = 60_000;

export const send: Send = ({ method, path, token, headers, body }, went) => {
  const request = new XMLHttpRequest();
  const answer = new Promise<Awaited<ReturnType<Send>["answer"]>>((resolve, reject) => {
    let still = setTimeout(() => request.abort(), STILL_MS);
    const moved = (): void => {
      clearTimeout(still);
      still = setTimeout(() => request.abort(), STILL_MS);
    };
    request.upload.onprogress = ({ loaded }) => {
      moved();
      went(loaded);
    };
    request.onprogress = moved;
    request.onload = () => resolve({ status: request.status, text: request.responseText, header: (name) => request.getResponseHeader(name) });
    request.onerror = request.onabort = () => reject(new TypeError("the request was broken off"));
    request.onloadend = () => clearTimeout(still);
    request.open(method, addressOf(path));
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(body);
  });
  return { answer, stop: () => request.abort() };
};
