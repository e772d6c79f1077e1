// Addresses by which elements of the page show what this device holds. The browser keeps the bytes until the address is given
// back.

/** Who has begun to load from an address has what they need by then: nobody tells when, once its element has left the page. */
const LOADING_MS = 60_000;

export function lendAddress(blob: Blob): string {
  return URL.createObjectURL(blob);
}

/** It is good for a moment more. An element that has just been given it is refused otherwise, and the console says so. */
export function giveBackAddress(address: string): void {
  setTimeout(() => URL.revokeObjectURL(address), LOADING_MS);
}
